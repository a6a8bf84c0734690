package dev.loomscope.process;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What stands before a worker's command so that it yields the processors to others: {@code nice}, where there is one. */
final class NicePrefix {

    private static final Logger log = LoggerFactory.getLogger(ProcessPool.class);
    private static final List<Path> PROGRAMS = List.of(Path.of("/usr/bin/nice"), Path.of("/bin/nice"));
    private static final int BACKGROUND = 10; // with 19, on a busy machine, it would never end
    private static final AtomicBoolean complained = new AtomicBoolean();

    private NicePrefix() {}

    /** The words for this level; none for 0. */
    static List<String> of(int niceness) {
        return of(niceness, PROGRAMS);
    }

    /** The words for work that can wait; none where there is no such program, and nothing is said about that. */
    static List<String> background() {
        return PROGRAMS.stream()
                .filter(Files::isExecutable)
                .findFirst()
                .map(nice -> List.of(nice.toString(), "-n", String.valueOf(BACKGROUND)))
                .orElse(List.of());
    }

    /** As {@link #of(int)}, with the first of these programs that is there. */
    static List<String> of(int niceness, List<Path> programs) {
        if (niceness == 0) {
            return List.of();
        }
        Optional<Path> program = programs.stream().filter(Files::isExecutable).findFirst();
        if (program.isEmpty() && complained.compareAndSet(false, true)) {
            log.warn("withNiceness({}) has no effect: there is none of {} here", niceness, programs);
        }
        return program.map(nice -> List.of(nice.toString(), "-n", String.valueOf(niceness)))
                .orElse(List.of());
    }
}
