package dev.loomscope;

import java.io.Serial;
import java.util.List;

/**
 * Thrown instead of a wait that would never end: one for a permit of a {@link Limiter} whose holders wait, perhaps by way
 * of others, for the very one that needs the permit. The message names who waits for whom. It is thrown to the one that
 * closes the circle: the caller of a wait, or the subtask that would have to stand in line, whose failure it then is.
 *
 * <p>It is a mistake of the program, which shows only when the limiter is busy enough. Raise the permits, use another
 * limiter inside, or do not wait while holding a permit.
 */
public final class LimiterDeadlockException extends IllegalStateException {

    @Serial
    private static final long serialVersionUID = 1L;

    private static final int MAX_NAMED = 10;

    /** Says who waits for whom; the last in the list waits for the first. */
    LimiterDeadlockException(List<WaitGraph.Step> cycle) {
        super(message(cycle));
    }

    private static String message(List<WaitGraph.Step> cycle) {
        int size = cycle.size();
        String first = cycle.get(0).who();
        StringBuilder text = new StringBuilder(first);
        for (int i = 0; i < Math.min(size, MAX_NAMED); i++) {
            String whom = cycle.get((i + 1) % size).who();
            text.append(i == 0 ? " " : ", which ")
                    .append(cycle.get(i).waits())
                    .append(' ')
                    .append(whom);
        }
        if (size > MAX_NAMED) {
            text.append(", and so on; the last of %s more waits for %s".formatted(size - MAX_NAMED, first));
        }
        return text.append("; raise the permits, use another limiter inside, or do not wait while holding a permit")
                .toString();
    }
}
