package dev.loomscope.demos;

import static dev.loomscope.core.TaskKind.BLOCKING;
import static dev.loomscope.core.TaskKind.CPU;
import static dev.loomscope.core.TaskKind.IO;

import dev.loomscope.MixedScope;
import dev.loomscope.Subtask;

/** The program of the README's first screen. */
public final class Hello {

    private Hello() {}

    /** Runs it. */
    public static void main(String[] args) throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<String> io = scope.fork(IO, Hello::whereAmI); // a virtual thread
            Subtask<String> blocking = scope.fork(BLOCKING, Hello::whereAmI); // a platform thread
            Subtask<String> cpu = scope.fork(CPU, Hello::whereAmI); // a child JVM
            scope.join(); // all done, or all stopped
            System.out.printf("%s%n%s%n%s%n", io.get(), blocking.get(), cpu.get());
        }
    }

    static String whereAmI() {
        String thread = Thread.currentThread().isVirtual() ? "virtual" : "platform";
        return "%s thread in process %d"
                .formatted(thread, ProcessHandle.current().pid());
    }
}
