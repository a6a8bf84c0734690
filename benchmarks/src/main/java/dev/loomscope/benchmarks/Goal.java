package dev.loomscope.benchmarks;

import java.util.Locale;

/** What a ratio should be. */
sealed interface Goal {

    /** Nothing is asked of it: it is shown for comparison. */
    static Goal none() {
        return new None();
    }

    static Goal atMost(double bound) {
        return new AtMost(bound);
    }

    static Goal atLeast(double bound) {
        return new AtLeast(bound);
    }

    boolean isMetBy(double ratio);

    /** As it stands in the table. */
    String text();

    /** See {@link Goal#none}. */
    record None() implements Goal {
        @Override
        public boolean isMetBy(double ratio) {
            return true;
        }

        @Override
        public String text() {
            return "-";
        }
    }

    /** See {@link Goal#atMost}. */
    record AtMost(double bound) implements Goal {
        @Override
        public boolean isMetBy(double ratio) {
            return ratio <= bound;
        }

        @Override
        public String text() {
            return String.format(Locale.ROOT, "<= %.4g", bound);
        }
    }

    /** See {@link Goal#atLeast}. */
    record AtLeast(double bound) implements Goal {
        @Override
        public boolean isMetBy(double ratio) {
            return ratio >= bound;
        }

        @Override
        public String text() {
            return String.format(Locale.ROOT, ">= %.4g", bound);
        }
    }
}
