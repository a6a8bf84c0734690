package dev.loomscope.demos;

import dev.loomscope.core.Cpu;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.regex.Pattern;

/** A harmless-looking regular expression that takes twice as long for each further letter. */
final class EvilRegex {

    /** Does the line end in a word and the same word again? The back reference turns the JDK's defences off. */
    static final Pattern DOUBLED_WORD = Pattern.compile("^(\\w+ ?)+ \\1$");

    private static final int FIRST_LENGTH = 12;

    private EvilRegex() {}

    /** Whether the line ends in a doubled word; the JDK's matcher does not look at interrupts. */
    @Cpu
    static boolean matches(String line) {
        return DOUBLED_WORD.matcher(line).matches();
    }

    /** Returns a line of this many letters and an exclamation mark, which does not match. */
    static String line(int length) {
        return "a".repeat(length) + "!";
    }

    /** Returns the length for which the match takes at least {@code target} on this machine, and about twice that at most. */
    static int lengthFor(Duration target) {
        int length = FIRST_LENGTH;
        long took = nanos(length);
        while (took < target.toNanos() / 8) {
            length++;
            took = Math.min(nanos(length), nanos(length)); // one of them may be slow by chance
        }
        for (; took < target.toNanos(); took *= 2) {
            length++;
        }
        return length;
    }

    // Of the processor, not of the clock: on a busy machine the match would seem to take much longer than it does on a
    // quiet one.
    private static long nanos(int length) {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadCpuTime();
        boolean matched = matches(line(length));
        Program.check(!matched, "a line of %d letters and no doubled word does not match".formatted(length));
        return threads.getCurrentThreadCpuTime() - before;
    }
}
