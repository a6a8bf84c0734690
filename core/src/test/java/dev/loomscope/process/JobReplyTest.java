package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** What a thread hears that waits for the reply of a job. */
class JobReplyTest {

    private static final int ROUNDS = 20_000;
    private static final WorkerReply OUTCOME = new WorkerReply.Cancelled();

    private final List<String> heard = new ArrayList<>(); // by the thread that waits
    private final JobReply.Listener listener = new JobReply.Listener() {
        @Override
        public void onStart(String runner) {
            heard.add("start in " + runner);
        }

        @Override
        public void onProgress(ProgressReport progress) {
            heard.add(progress.message());
        }
    };

    private static ProgressReport report(String message) {
        return new ProgressReport(0.5, message);
    }

    /** What the waiting thread looks at comes while it looks. */
    @Test
    void whatComesBeforeTheReplyIsHeardBeforeItAndInItsOrder() throws Exception {
        AtomicReference<JobReply> awaited = new AtomicReference<>();
        FutureTask<Void> waits = new FutureTask<>(() -> {
            for (int i = 0; i < ROUNDS; i++) {
                JobReply reply = new JobReply();
                awaited.set(reply);
                assertThat(reply.await(listener)).isSameAs(OUTCOME);
                assertThat(heard).containsExactly("start in w1", "half");
                heard.clear();
            }
            return null;
        });
        Thread.ofPlatform().daemon().start(waits);
        ProgressReport half = report("half");
        while (!waits.isDone()) {
            JobReply reply = awaited.getAndSet(null);
            if (reply != null) {
                reply.start("w1");
                reply.report(half);
                reply.complete(OUTCOME, null);
            }
        }
        waits.get();
    }

    @Test
    void aStartThatComesWithTheReplyIsHeardBeforeIt() {
        JobReply reply = new JobReply();
        reply.complete(OUTCOME, "w2");

        assertThat(reply.await(listener)).isSameAs(OUTCOME);
        assertThat(heard).containsExactly("start in w2");
    }

    @Test
    void theFirstReplyCountsAndTheSecondChangesNothing() {
        JobReply reply = new JobReply();

        assertThat(reply.complete(OUTCOME, null)).isTrue();
        assertThat(reply.complete(new WorkerReply.Cancelled(), "w2")).isFalse();
        assertThat(reply.await(listener)).isSameAs(OUTCOME);
        assertThat(heard).isEmpty();
    }

    @Test
    void ofReportsThatNobodyHasHeardTheLastIsKept() {
        JobReply reply = new JobReply();
        reply.start("w1");
        reply.report(report("one"));
        reply.report(report("two"));
        reply.complete(OUTCOME, null);

        reply.await(listener);
        assertThat(heard).containsExactly("start in w1", "two");
    }

    @Test
    void anInterruptDoesNotEndTheWaitAndIsNotLost() throws Exception {
        JobReply reply = new JobReply();
        FutureTask<Boolean> wait = new FutureTask<>(() -> {
            reply.await(listener);
            return Thread.interrupted();
        });
        Thread thread = Thread.ofVirtual().start(wait);
        thread.interrupt();
        Eventually.becomesTrue("it waits", () -> thread.getState() == Thread.State.WAITING);

        reply.complete(OUTCOME, null);
        assertThat(wait.get(20, TimeUnit.SECONDS)).isTrue();
    }
}
