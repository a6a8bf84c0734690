package dev.loomscope.process;

import java.lang.invoke.MethodHandle;
import java.lang.reflect.Array;
import java.util.Optional;

/**
 * Calls functions of the C library, with real native frames on the stack. By reflection, since {@code java.lang.foreign} is there from
 * JDK 22 on and the tests are compiled for 21. All numbers, pointers included, are passed as longs.
 */
final class NativeCode {

    private static final String PACKAGE = "java.lang.foreign.";

    /** Why it is not available. */
    static final String MISSING =
            "before JDK 22 functions of the C library can be called only with a preview of the JDK";

    private NativeCode() {}

    static boolean isAvailable() {
        return Runtime.version().feature() >= 22;
    }

    /** Calls a function that lets the thread be seen as in native code, so that the JVM goes on around it. */
    static long call(String function, long... arguments) throws Exception {
        return call(function, arguments, false);
    }

    /** Calls it as a critical function: as long as it runs, the JVM cannot stop its threads for anything. */
    static long callCritical(String function, long... arguments) throws Exception {
        return call(function, arguments, true);
    }

    private static long call(String function, long[] arguments, boolean critical) throws Exception {
        Class<?> linkerType = Class.forName(PACKAGE + "Linker");
        Class<?> optionType = Class.forName(PACKAGE + "Linker$Option");
        Class<?> layoutType = Class.forName(PACKAGE + "MemoryLayout");
        Class<?> descriptorType = Class.forName(PACKAGE + "FunctionDescriptor");
        Object linker = linkerType.getMethod("nativeLinker").invoke(null);
        Object symbols = linkerType.getMethod("defaultLookup").invoke(linker);
        Object symbol = ((Optional<?>) Class.forName(PACKAGE + "SymbolLookup")
                        .getMethod("find", String.class)
                        .invoke(symbols, function))
                .orElseThrow();
        Object number =
                Class.forName(PACKAGE + "ValueLayout").getField("JAVA_LONG").get(null);
        Object numbers = Array.newInstance(layoutType, arguments.length);
        for (int i = 0; i < arguments.length; i++) {
            Array.set(numbers, i, number);
        }
        Object descriptor =
                descriptorType.getMethod("of", layoutType, numbers.getClass()).invoke(null, number, numbers);
        Object options = Array.newInstance(optionType, critical ? 1 : 0);
        if (critical) {
            Array.set(
                    options, 0, optionType.getMethod("critical", boolean.class).invoke(null, false));
        }
        MethodHandle handle = (MethodHandle) linkerType
                .getMethod(
                        "downcallHandle", Class.forName(PACKAGE + "MemorySegment"), descriptorType, options.getClass())
                .invoke(linker, symbol, descriptor, options);
        return invoke(handle, arguments);
    }

    private static long invoke(MethodHandle handle, long[] arguments) throws Exception {
        Object[] boxed = new Object[arguments.length];
        for (int i = 0; i < arguments.length; i++) {
            boxed[i] = arguments[i];
        }
        try {
            return (long) handle.invokeWithArguments(boxed);
        } catch (Exception | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
