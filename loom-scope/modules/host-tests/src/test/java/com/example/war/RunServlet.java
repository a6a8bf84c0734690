package com.example.war;

import static dev.loomscope.core.TaskKind.BLOCKING;
import static dev.loomscope.core.TaskKind.CPU;
import static dev.loomscope.core.TaskKind.IO;

import dev.loomscope.MixedScope;
import dev.loomscope.ScopeFailedException;
import dev.loomscope.Subtask;
import dev.loomscope.core.ContextValue;
import dev.loomscope.process.ProcessPool;
import jakarta.servlet.ServletException;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;

/** A web application that uses all that leaves threads, timers, pools and thread locals behind. */
@WebServlet("/run")
public class RunServlet extends HttpServlet {

    private static final ContextValue<Object> REQUEST = ContextValue.named("request");

    private ProcessPool own; // set once by init; null if there is none

    @Override
    public void init() {
        if ("own".equals(mode())) {
            own = ProcessPool.open(
                    c -> c.withName("own").withWorkers(1).withJmx(true).withListener(event -> {}));
        }
    }

    @Override
    public void destroy() {
        if (own != null) {
            own.close();
        }
    }

    private static String mode() {
        return System.getProperty("war.mode");
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        try {
            String user = "ann";
            String answer = REQUEST.where(user).call(() -> {
                forkThreads(false);
                forkThreads(true);
                return "threads".equals(mode()) ? "no worker" : forkCpu();
            });
            response.getWriter().print("ok " + answer);
        } catch (Exception e) {
            throw new ServletException(e);
        }
    }

    private static void forkThreads(boolean reused) throws Exception {
        try (var scope =
                MixedScope.open(c -> c.withTimeout(Duration.ofMinutes(5)).withReusedThreads(reused))) {
            Subtask<Report> io = scope.fork(IO, () -> new Report(1, 1));
            Subtask<Report> blocking = scope.fork(BLOCKING, () -> new Report(2, 2));
            scope.forkDaemon(() -> Thread.sleep(Duration.ofMinutes(5)));
            scope.join();
            if (io.get().length() + blocking.get().length() != 3) {
                throw new AssertionError(io + " " + blocking);
            }
        }
        try (var scope =
                MixedScope.open(c -> c.withTimeout(Duration.ofMillis(50)).withReusedThreads(reused))) {
            scope.fork(BLOCKING, () -> Thread.sleep(Duration.ofMinutes(5)));
            scope.join();
        } catch (ScopeFailedException e) {
            // its deadline, as expected
        }
    }

    private String forkCpu() throws Exception {
        byte[] page = new byte[100_000];
        try (var scope =
                MixedScope.open(c -> (own == null ? c : c.withCpuBackend(own)).withTimeout(Duration.ofMinutes(1)))) {
            Subtask<Report> cpu = scope.fork(CPU, () -> Report.of(page));
            scope.join();
            if (cpu.get().length() != page.length) {
                throw new AssertionError(cpu.get());
            }
            return "worker " + cpu.get().worker();
        }
    }
}
