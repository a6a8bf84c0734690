package dev.loomscope.demos;

import static dev.loomscope.core.TaskKind.CPU;

import dev.loomscope.MixedScope;
import dev.loomscope.ScopeConfig;

/** A worker as the operating system sees it. */
final class WorkerProcess {

    private WorkerProcess() {}

    /** Asks a worker for its process id; starts one if there is none. */
    static long pid(ScopeConfig config) throws Exception {
        try (var scope = MixedScope.<Long>open(config)) {
            var pid = scope.fork(CPU, () -> ProcessHandle.current().pid());
            scope.join();
            return pid.get();
        }
    }

    static boolean isGone(long pid) {
        return ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isEmpty();
    }
}
