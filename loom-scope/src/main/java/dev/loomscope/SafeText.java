package dev.loomscope;

import org.jspecify.annotations.Nullable;

/** What messages say of the objects of users, whose {@code toString} may throw. */
final class SafeText {

    private SafeText() {}

    /** Returns what {@code object} says of itself, or what it is if it cannot. */
    static String of(@Nullable Object object) {
        if (object == null) {
            return "null";
        }
        try {
            return String.valueOf(object.toString());
        } catch (Throwable e) { // also an error: the message must not cost more than its text
            return "%s (its toString threw %s)"
                    .formatted(object.getClass().getName(), e.getClass().getName());
        }
    }
}
