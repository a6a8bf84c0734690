package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Default locales with digits and letters of their own change nothing of what the pool does, nor of the numbers that it tells. */
@Timeout(120)
class OddLocaleTest {

    private static final String OTHER_DIGITS = "(?s).*[\\u0660-\\u0669\\u06f0-\\u06f9\\u0e50-\\u0e59\\u0966-\\u096f].*";

    private final Locale locale = Locale.getDefault();
    private final Locale display = Locale.getDefault(Locale.Category.DISPLAY);
    private final Locale format = Locale.getDefault(Locale.Category.FORMAT);

    @TempDir
    Path folder;

    @AfterEach
    void restore() {
        Locale.setDefault(locale);
        Locale.setDefault(Locale.Category.DISPLAY, display);
        Locale.setDefault(Locale.Category.FORMAT, format);
    }

    private static void assertReadable(String text) {
        assertThat(text).doesNotMatch(OTHER_DIGITS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ar-EG-u-nu-arab", "fa-IR", "th-TH-u-nu-thai", "hi-IN-u-nu-deva", "tr-TR", "az-AZ"})
    void aPoolDoesAllItDoes(String language) throws Exception {
        Locale.setDefault(Locale.forLanguageTag(language));
        LogTrail log = LogTrail.follow("dev.loomscope", ch.qos.logback.classic.Level.DEBUG);
        String gate = folder.resolve("gate").toString();
        try (log;
                ProcessPool pool = ProcessPool.open(c -> c.withWorkers(2)
                        .withMaxHeapMiB(64)
                        .withMaxRetainedHeapMiB(32)
                        .withNiceness(1)
                        .withMaxWorkerAge(Duration.ofHours(1)))) {
            assertThat(pool.prewarm(2).get()).isEqualTo(2);
            PoolRun<Long> run = PoolRun.start(pool, () -> Work.awaitFile(gate)).awaitStart();
            assertThat(run.runner()).matches("w\\d \\(pid [0-9]+\\)");
            long pid = run.pid();
            Work.touch(gate);
            assertThat(run.get()).isEqualTo(pid);

            Throwable failure = PoolRun.fail(pool, () -> {
                throw new IllegalStateException("number %d".formatted(7));
            });
            assertThat(failure).isInstanceOf(IllegalStateException.class).hasMessage("number %d".formatted(7));
            assertThat(List.of(failure.getStackTrace()).toString()).containsPattern("pid [0-9]+");

            Throwable crash = PoolRun.fail(pool, () -> {
                Runtime.getRuntime().halt(137);
                return "";
            });
            assertThat(crash)
                    .isInstanceOf(WorkerCrashedException.class)
                    .hasMessageContaining("exit code 137")
                    .hasMessageMatching("(?s).*pid [0-9]+.*");
            assertReadable(crash.getMessage());

            PoolRun<Long> deaf = PoolRun.start(pool, () -> Work.spin()).awaitStart();
            long killed = deaf.pid();
            deaf.cancel("for the test");
            assertReadable(String.valueOf(deaf.failure().getMessage()));
            Eventually.becomesTrue("it is killed", () -> !Pids.isAlive(killed));

            Throwable memory = PoolRun.fail(pool, () -> Work.exhaustMemory());
            assertThat(memory).isInstanceOf(WorkerOutOfMemoryError.class).hasMessageContaining("64");
            assertReadable(memory.getMessage());

            List<Long> sleepers = PoolRun.run(pool, () -> Work.startSleepers(2, "60"));
            assertThat(sleepers).allMatch(Pids::isAlive);
            assertReadable(pool.toString());
            pool.close();
            Eventually.becomesTrue(
                    "its processes are gone", () -> sleepers.stream().noneMatch(Pids::isAlive));
            assertThat(log.messages()).isNotEmpty().allSatisfy(OddLocaleTest::assertReadable);
        }
        assertThatThrownBy(() -> ProcessPoolConfig.defaults().withMaxHeapMiB(1))
                .satisfies(thrown -> assertReadable(thrown.getMessage()));
        assertThatThrownBy(() -> ProcessPool.open(c -> c.withMaxHeapMiB(900).withMemoryBudgetMiB(800)))
                .satisfies(thrown -> assertReadable(thrown.getMessage()));
    }

    /** The format %d uses the digits of the default locale: numbers that people copy are written by %s. */
    @Test
    void noTextOfOursIsFormattedWithDigitsOfTheDefaultLocale() throws Exception {
        List<String> found = new ArrayList<>();
        for (String root : List.of("src/main/java", "../loom-scope/src/main/java")) {
            try (Stream<Path> files = Files.walk(Path.of(root))) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    Files.readAllLines(file).stream()
                            .filter(line -> line.matches(".*%[-,+0-9.]*[dfeg].*"))
                            .forEach(line -> found.add(file.getFileName() + ": " + line.strip()));
                }
            }
        }
        assertThat(found).isEmpty();
    }
}
