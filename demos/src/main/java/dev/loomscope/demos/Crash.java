package dev.loomscope.demos;

import dev.loomscope.core.Cpu;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Ways in which a computation takes its process down, or tries to. */
enum Crash {
    EXIT("System.exit(3)") {
        @Override
        void happen() {
            System.exit(3);
        }
    },
    HALT("Runtime.halt(4)") {
        @Override
        void happen() {
            Runtime.getRuntime().halt(4);
        }
    },
    OUT_OF_MEMORY("OutOfMemoryError") {
        @Override
        void happen() {
            List<long[]> hoard = new ArrayList<>();
            while (hoard.size() < Integer.MAX_VALUE) {
                hoard.add(new long[1_000_000]);
            }
        }
    },
    STACK_OVERFLOW("stack overflow") {
        @Override
        void happen() {
            System.out.println(depth(0));
        }

        private int depth(int above) {
            return above < 0 ? 0 : 1 + depth(above + 1); // never below 0: the stack ends first
        }
    },
    SEGFAULT("segmentation fault") {
        @Override
        void happen() throws Exception {
            try {
                writeToAddressZero();
            } catch (ReflectiveOperationException e) {
                signalMyself("SEGV"); // a JDK that has shut Unsafe down
            }
        }

        // By reflection: the compiler warns of Unsafe, and a later JDK will not have it.
        private void writeToAddressZero() throws ReflectiveOperationException {
            Field theUnsafe = Class.forName("sun.misc.Unsafe").getDeclaredField("theUnsafe");
            theUnsafe.setAccessible(true);
            Object unsafe = theUnsafe.get(null);
            unsafe.getClass().getMethod("putAddress", long.class, long.class).invoke(unsafe, 0L, 0L);
        }
    },
    KILL("kill -9 of itself") {
        @Override
        void happen() throws Exception {
            signalMyself("KILL");
        }
    };

    private final String label;

    Crash(String label) {
        this.label = label;
    }

    /** Makes it happen to the process in which this is called. */
    @Cpu
    abstract void happen() throws Exception;

    String label() {
        return label;
    }

    /** What lets a worker's JVM do all of them without a warning. */
    static String[] jvmOptions() {
        boolean known = Runtime.version().feature() >= 23;
        return known ? new String[] {"--sun-misc-unsafe-memory-access=allow"} : new String[0];
    }

    private static void signalMyself(String signal) throws Exception {
        String pid = String.valueOf(ProcessHandle.current().pid());
        String kill = "kill -%s %s".formatted(signal, pid); // of the shell itself: not every system has the program
        new ProcessBuilder("sh", "-c", kill).inheritIO().start().waitFor(5, TimeUnit.SECONDS);
    }
}
