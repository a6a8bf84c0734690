package dev.loomscope.hosts.boot;

import dev.loomscope.MixedScope;
import dev.loomscope.ScopeConfig;
import dev.loomscope.ScopeFailedException;
import dev.loomscope.Subtask;
import dev.loomscope.core.TaskKind;
import dev.loomscope.process.ProcessPool;
import java.nio.file.Files;
import java.nio.file.Path;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
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
     * @throws Exception if the scope fails
     */
    @GetMapping("/fork-later")
    String forkLater(@RequestParam("begun") String begun, @RequestParam("go") String go) throws Exception {
        meet(begun, go);
        return "process " + run(TaskKind.CPU, begun + "-later", go);
    }

    // Here, and not by the error page of Tomcat: its graceful stop does not wait for that one.
    @ExceptionHandler
    ResponseEntity<String> answer(ScopeFailedException failure) {
        return ResponseEntity.status(HttpStatus.SERVICE_UNAVAILABLE).body(String.valueOf(failure.getCause()));
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
