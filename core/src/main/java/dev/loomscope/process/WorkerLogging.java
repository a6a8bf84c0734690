package dev.loomscope.process;

import java.util.List;

final class WorkerLogging {
    private WorkerLogging() {}

    static List<String> options(ProcessPoolConfig config, WorkerFolder folder) {
        return List.of();
    }
}
