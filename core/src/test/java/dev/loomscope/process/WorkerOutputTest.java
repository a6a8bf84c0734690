package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WorkerOutputTest {

    private LogTrail log;
    private ProcessPool pool;

    @BeforeEach
    void open() {
        log = LogTrail.follow("dev.loomscope.worker", Level.INFO);
        pool = ProcessPool.open(c -> c.withWorkers(1));
    }

    @AfterEach
    void close() {
        pool.close();
        log.close();
    }

    private String awaitLine(String end) throws Exception {
        Eventually.becomesTrue(
                "a line that ends with " + end, () -> log.messages().stream().anyMatch(m -> m.endsWith(end)));
        return log.messages().stream().filter(m -> m.endsWith(end)).findFirst().orElseThrow();
    }

    @Test
    void eachLineIsLoggedWithTheNameOfItsWorker() throws Exception {
        PoolRun<Integer> run = PoolRun.start(pool, () -> {
            System.out.println("to out");
            System.err.println("to err äöü");
            return 1;
        });
        run.get();

        assertThat(awaitLine("to out")).isEqualTo(run.runner() + ": to out");
        assertThat(awaitLine("to err äöü")).isEqualTo(run.runner() + ": to err äöü");
        assertThat(log.messages(Level.INFO)).containsExactly(run.runner() + ": to out");
        assertThat(log.messages(Level.WARN)).containsExactly(run.runner() + ": to err äöü");
    }

    @Test
    void aLineThatIsNeverEndedIsLoggedWhenTheWorkerEnds() throws Exception {
        PoolRun.run(pool, () -> {
            System.out.print("no end of line");
            return 1;
        });
        pool.close();

        awaitLine("no end of line");
    }

    @Test
    void aLineOfAnyLengthArrivesInPieces() throws Exception {
        int length = 1_000_000;
        PoolRun.run(pool, () -> {
            System.out.println("x".repeat(length));
            System.out.println("after it");
            return 1;
        });
        awaitLine("after it");

        String all = log.messages().stream()
                .map(message -> message.substring(message.indexOf(": ") + 2))
                .collect(Collectors.joining());
        assertThat(all).isEqualTo("x".repeat(length) + "after it");
        assertThat(log.messages()).allSatisfy(message -> assertThat(message).hasSizeLessThan(10_000));
    }

    @Test
    void emptyLinesAndPlaceholdersAreText() throws Exception {
        PoolRun.run(pool, () -> {
            System.out.println();
            System.out.println("100 {} %s %n");
            return 1;
        });

        awaitLine(": 100 {} %s %n");
    }

    @Test
    void whatIsPrintedNeverGetsIntoAResult() throws Exception {
        byte[] noise = new byte[100_000];
        new java.util.Random(5).nextBytes(noise);
        byte[] result = PoolRun.run(pool, () -> {
            System.out.write(noise);
            System.err.write(noise);
            System.out.flush();
            return noise;
        });

        assertThat(result).isEqualTo(noise);
    }

    @Test
    void aTaskThatTakesAwayStdoutDoesNotDisturbTheNext() throws Exception {
        List<Integer> results = List.of(
                PoolRun.run(pool, () -> {
                    System.out.close();
                    System.setOut(null);
                    return 1;
                }),
                PoolRun.run(pool, () -> 2));

        assertThat(results).containsExactly(1, 2);
    }

    @Test
    void systemInIsEmpty() throws Exception {
        assertThat(PoolRun.run(pool, () -> System.in.read())).isEqualTo(-1);
    }
}
