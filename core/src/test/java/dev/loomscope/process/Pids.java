package dev.loomscope.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Looks at processes, and sends signals to them. */
final class Pids {

    private Pids() {}

    /** Whether it lives; one that has ended but that nobody has asked for its exit code does not. */
    static boolean isAlive(long pid) {
        if (!ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false)) {
            return false;
        }
        try {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            char state = stat.charAt(stat.lastIndexOf(')') + 2);
            return state != 'Z' && state != 'X';
        } catch (IOException e) {
            return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
        }
    }

    static List<Long> alive(List<Long> pids) {
        return pids.stream().filter(Pids::isAlive).toList();
    }

    /** Those processes of this machine, of this user, that have {@code word} among their arguments. */
    static List<Long> withArgument(String word) {
        return ProcessHandle.allProcesses()
                .filter(process -> process.info()
                        .arguments()
                        .map(List::of)
                        .orElse(List.of())
                        .contains(word))
                .map(ProcessHandle::pid)
                .filter(Pids::isAlive)
                .toList();
    }

    static void signal(String signal, long pid) throws Exception {
        new ProcessBuilder("/bin/sh", "-c", "kill -%s %d".formatted(signal, pid)) // a shell has it built in
                .inheritIO()
                .start()
                .waitFor();
        if (signal.equals("STOP")) {
            Eventually.becomesTrue("it stands still", () -> stateOf(pid) == 'T');
        }
    }

    /** The letter that Linux has for its state, 'T' when it is stopped; 'X' if it is gone. */
    static char stateOf(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            return stat.charAt(stat.lastIndexOf(')') + 2);
        } catch (IOException e) {
            return 'X';
        }
    }
}
