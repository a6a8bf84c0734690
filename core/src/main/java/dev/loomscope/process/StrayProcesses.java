package dev.loomscope.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Processes that tasks of a worker have started and that are left when it ends. Their parent may be gone, and then nothing in the
 * tree of processes tells whose they are: so a worker has a mark in its environment, which all that it starts inherit.
 *
 * <p>That is as Jenkins does it. It works where the system shows the environment of a process as a file, as Linux does; elsewhere only
 * {@link ProcessTree} finds them. Who wants to leave a process behind removes the mark from its environment.
 */
final class StrayProcesses {

    /** The environment variable of the mark. */
    static final String VARIABLE = "LOOM_SCOPE_WORKER";

    private static final Path PROCESSES = Path.of("/proc");
    private static final int MAX_ROUNDS = 20;

    private StrayProcesses() {}

    /** Kills all processes with one of these marks, except this one. */
    static void kill(Set<String> marks) {
        if (!Files.exists(PROCESSES.resolve("self/environ"))) {
            return;
        }
        Set<ProcessHandle> known = new HashSet<>();
        for (int round = 0; round < MAX_ROUNDS; round++) {
            if (!killFresh(marks, known)) {
                return;
            }
        }
    }

    // Whether there were any: they may have started others in the meantime.
    private static boolean killFresh(Set<String> marks, Set<ProcessHandle> known) {
        boolean some = false;
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(PROCESSES, "[0-9]*")) {
            for (Path entry : entries) {
                // The handle first: it is that of the process whose environment is read, or kills nobody.
                Optional<ProcessHandle> process =
                        ProcessHandle.of(Long.parseLong(entry.getFileName().toString()));
                if (process.isPresent() && hasMark(entry, marks) && known.add(process.get())) {
                    some = true;
                    killUnlessSelf(process.get());
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            log().debug("the processes of this machine cannot be listed", e);
        }
        return some;
    }

    private static boolean hasMark(Path entry, Set<String> marks) {
        try {
            String environment = Files.readString(entry.resolve("environ"), StandardCharsets.ISO_8859_1);
            return environment.contains(VARIABLE)
                    && marks.stream().anyMatch(mark -> ("\0" + environment).contains("\0" + variable(mark) + "\0"));
        } catch (IOException e) {
            return false; // it is gone, or somebody else's
        }
    }

    private static String variable(String mark) {
        return VARIABLE + "=" + mark;
    }

    private static void killUnlessSelf(ProcessHandle process) {
        if (process.pid() != ProcessHandle.current().pid()) {
            process.destroyForcibly();
            log().debug("process {}, which a task has left behind, is killed", process.pid());
        }
    }

    // On demand: a worker uses this class too, and must not start the logging of its tasks for it.
    private static Logger log() {
        return LoggerFactory.getLogger(StrayProcesses.class);
    }
}
