package dev.loomscope.demos;

/** Shows how far a piece of work is: a bar that fills on a terminal, a few plain lines elsewhere. One thread at a time. */
final class ProgressBar {

    private static final int WIDTH = 50;
    private static final int PLAIN_LINES = 4;

    private final String what;
    private final int total;
    private final boolean interactive = Terminal.isInteractive();
    private int done;

    ProgressBar(String what, int total) {
        this.what = what;
        this.total = total;
    }

    /** Counts this many more units as done. */
    void advance(int units) {
        int before = done;
        done = Math.min(total, done + units);
        if (interactive) {
            int filled = (int) ((long) WIDTH * done / total);
            String bar = "#".repeat(filled) + ".".repeat(WIDTH - filled);
            System.out.printf(
                    "\r  [%s] %3d %%  %d/%d %s%s", bar, percent(done), done, total, what, done == total ? "\n" : "");
            System.out.flush();
        } else if (quarter(done) > quarter(before)) {
            System.out.printf("  %3d %%  %d/%d %s%n", percent(done), done, total, what);
        }
    }

    private int quarter(int units) {
        return (int) ((long) PLAIN_LINES * units / total);
    }

    private int percent(int units) {
        return (int) (100L * units / total);
    }
}
