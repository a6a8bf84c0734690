package dev.loomscope.demos.guide;

import static dev.loomscope.core.TaskKind.IO;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.Forker;
import dev.loomscope.MixedScope;
import dev.loomscope.Subtask;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Subtasks that fork, and helpers that may do nothing else. */
class ChildrenTest {

    private static final Map<String, List<String>> SITE =
            Map.of("/", List.of("/a", "/b"), "/a", List.of("/b", "/"), "/b", List.of());

    private static List<String> linksOn(String page) {
        return SITE.getOrDefault(page, List.of());
    }

    // guide: children
    /** Forks a subtask for each page that nobody has seen. It gets a view that forks, and can neither join nor cancel. */
    static void crawl(Forker<Object> tasks, Set<String> seen, String page) {
        if (seen.add(page)) {
            for (String link : linksOn(page)) {
                tasks.fork(IO, () -> crawl(tasks, seen, link));
            }
        }
    }

    @Test
    void subtasksForkIntoTheirOwnScope() throws Exception {
        Set<String> seen = ConcurrentHashMap.newKeySet();
        try (var scope = MixedScope.open()) {
            Forker<Object> tasks = scope.forker();
            tasks.fork(IO, () -> crawl(tasks, seen, "/"));
            scope.join(); // waits for children and grandchildren
        }
        assertThat(seen).containsExactlyInAnyOrder("/", "/a", "/b");
    }
    // end

    @Test
    void threadsOutsideMayNotFork() throws Exception {
        // guide: strangers
        try (var scope = MixedScope.<String>open();
                ExecutorService foreign = Executors.newSingleThreadExecutor()) {
            Future<Subtask<String>> tried = foreign.submit(() -> scope.fork(Fakes::download, "/orders"));
            assertThatThrownBy(tried::get).hasCauseInstanceOf(WrongThreadException.class);
        }
        // end
    }

    @Test
    void aScopeInsideEndsBeforeItsSubtaskGoesOn() throws Exception {
        CountDownLatch ended = new CountDownLatch(2);
        // guide: nested
        try (var scope = MixedScope.<String>open()) {
            Subtask<String> summary = scope.fork(IO, () -> {
                try (var parts = MixedScope.open()) { // inside: cancelled with the scope around
                    parts.fork(IO, () -> ended.countDown());
                    parts.fork(IO, () -> ended.countDown());
                    parts.join();
                }
                return "both parts are done";
            });
            scope.join();
            assertThat(summary.get()).isEqualTo("both parts are done");
        }
        // end
        assertThat(ended.getCount()).isZero();
    }
}
