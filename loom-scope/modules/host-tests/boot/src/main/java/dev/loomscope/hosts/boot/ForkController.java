package dev.loomscope.hosts.boot;

import dev.loomscope.MixedScope;
import dev.loomscope.ScopeConfig;
import dev.loomscope.Subtask;
import dev.loomscope.core.TaskKind;
import dev.loomscope.process.ProcessPool;
import java.nio.file.Files;
import java.nio.file.Path;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Forks one subtask per request and answers with its result. */
@RestController
class ForkController {

    private static final long LOOK_MILLIS = 10;

    private final ProcessPool pool;

    ForkController(ProcessPool pool) {
        this.pool = pool;
    }

    /**
     * Forks a subtask that creates the file {@code begun}, waits for the file {@code go}, and returns the id of its process.
     *
     * @throws Exception if the scope fails
     */
    @GetMapping("/fork")
    String fork(@RequestParam("kind") TaskKind kind, @RequestParam("begun") String begun, @RequestParam("go") String go)
            throws Exception {
        return kind + " in process " + run(kind, begun, go);
    }

    /**
     * Creates the file {@code begun}, waits for the file {@code go}, and then forks a CPU subtask.
     *
     * @return what the subtask returned, or why it failed
     */
    @GetMapping("/fork-later")
    String forkLater(@RequestParam("begun") String begun, @RequestParam("go") String go) throws Exception {
        meet(begun, go);
        try {
            return "process " + run(TaskKind.CPU, begun + "-later", go);
        } catch (Exception e) {
            return String.valueOf(e.getCause());
        }
    }

    private long run(TaskKind kind, String begun, String go) throws Exception {
        try (var scope = MixedScope.open(ScopeConfig.defaults().withCpuBackend(pool))) {
            Subtask<Long> pid = scope.fork(kind, () -> meet(begun, go));
            scope.join();
            return pid.get();
        }
    }

    private static long meet(String begun, String go) throws Exception {
        Files.createFile(Path.of(begun));
        while (!Files.exists(Path.of(go))) {
            Thread.sleep(LOOK_MILLIS);
        }
        return ProcessHandle.current().pid();
    }
}
