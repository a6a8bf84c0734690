package dev.loomscope.process;

import java.io.ObjectInputFilter;
import java.util.Set;

/**
 * Lets pass what runs no code of anybody while it is read, and takes no longer than its bytes do: numbers, text, arrays and lists of
 * them. Everything else, also a hash table of such values, is left to somebody who can be left behind.
 */
final class PlainValues implements ObjectInputFilter {

    private static final Set<String> TYPES = Set.of(
            "java.lang.Boolean",
            "java.lang.Byte",
            "java.lang.Character",
            "java.lang.Double",
            "java.lang.Float",
            "java.lang.Integer",
            "java.lang.Long",
            "java.lang.Number",
            "java.lang.Object",
            "java.lang.Short",
            "java.lang.String",
            "java.math.BigDecimal",
            "java.math.BigInteger",
            "java.time.Ser",
            "java.util.ArrayList",
            "java.util.Arrays$ArrayList",
            "java.util.UUID");

    private final ResultFilter filter;
    private boolean metOthers;

    /** Makes one that passes of what {@code filter} allows only that. */
    PlainValues(ResultFilter filter) {
        this.filter = filter;
    }

    /** Whether there was something else: the only reason to turn it down was how it is read. */
    boolean metOthers() {
        return metOthers;
    }

    @Override
    public Status checkInput(FilterInfo info) {
        Class<?> type = info.serialClass();
        if (type != null && !isPlain(type)) {
            metOthers = true;
            return Status.REJECTED;
        }
        return filter.checkInput(info);
    }

    private static boolean isPlain(Class<?> type) {
        Class<?> element = type;
        while (element.isArray()) {
            element = element.getComponentType();
        }
        return element.isPrimitive() || element == ArrayStub.class || TYPES.contains(element.getName());
    }
}
