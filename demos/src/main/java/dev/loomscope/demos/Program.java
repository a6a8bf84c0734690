package dev.loomscope.demos;

/** Runs a demo as a program: exit code 0, or a clear message on stderr and 1, or 2 if its arguments were wrong. */
final class Program {

    /** What a demo does. */
    @FunctionalInterface
    interface Story {

        /**
         * Tells the story on stdout.
         *
         * @throws Exception if it does not end as it should
         */
        void tell() throws Exception;
    }

    private Program() {}

    static void run(Class<?> demo, Story story) {
        System.exit(exitCode(demo, story));
    }

    @SuppressWarnings("CatchingUnchecked")
    private static int exitCode(Class<?> demo, Story story) {
        try {
            story.tell();
            return 0;
        } catch (UsageException e) {
            System.err.printf("%s: %s%n", demo.getSimpleName(), e.getMessage());
            return 2;
        } catch (Throwable e) {
            System.out.flush();
            System.err.printf("%s failed: %s%n", demo.getSimpleName(), e);
            e.printStackTrace();
            return 1;
        }
    }

    /**
     * Ends the demo unless its promise was kept.
     *
     * @throws IllegalStateException saying what was not as promised
     */
    static void check(boolean kept, String promise) {
        if (!kept) {
            throw new IllegalStateException("not as promised: " + promise);
        }
    }
}
