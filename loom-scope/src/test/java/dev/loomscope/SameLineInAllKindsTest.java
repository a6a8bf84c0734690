package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.core.TaskKind;
import dev.loomscope.process.ProcessPool;
import java.text.DateFormat;
import java.text.NumberFormat;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.TimeZone;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The same line gives the same result as an IO, a BLOCKING and a CPU task, by all ways on which a task gets forked. */
@Timeout(60)
class SameLineInAllKindsTest {

    private final TimeZone timeZone = TimeZone.getDefault();
    private final Locale locale = Locale.getDefault();
    private final Locale format = Locale.getDefault(Locale.Category.FORMAT);
    private final Locale display = Locale.getDefault(Locale.Category.DISPLAY);
    private final Properties properties = (Properties) System.getProperties().clone();

    @BeforeEach
    @AfterEach
    void restore() {
        System.setProperties((Properties) properties.clone());
        TimeZone.setDefault(timeZone);
        Locale.setDefault(locale);
        Locale.setDefault(Locale.Category.FORMAT, format);
        Locale.setDefault(Locale.Category.DISPLAY, display);
    }

    private static void settings(String language, String zone, String mode) {
        Locale.setDefault(Locale.forLanguageTag(language));
        TimeZone.setDefault(TimeZone.getTimeZone(zone));
        System.setProperty("acme.mode", mode);
    }

    private static String line() {
        return String.join(
                "; ",
                "%,.2f %d".formatted(1234.5, 42),
                NumberFormat.getInstance().format(1234.5),
                DateFormat.getDateTimeInstance().format(new Date(0)),
                ZoneId.systemDefault().getId(),
                "TITLE".toLowerCase(),
                Locale.CHINA.getDisplayCountry(),
                System.getProperty("acme.mode"),
                System.getProperty("java.io.tmpdir"));
    }

    private static ProcessPool open() {
        return ProcessPool.open(c -> c.withWorkers(1).withMaxHeapMiB(64).withSystemProperties("acme.*"));
    }

    static Stream<Arguments> settings() {
        return Stream.of("de-DE", "ar-EG-u-nu-arab", "th-TH-u-nu-thai", "tr-TR", "fa-IR", "ja-JP-u-ca-japanese")
                .flatMap(language -> Stream.of(TaskKind.values()).map(kind -> Arguments.of(language, kind)));
    }

    @ParameterizedTest
    @MethodSource
    void settings(String language, TaskKind kind) throws Exception {
        try (ProcessPool pool = open();
                var scope = MixedScope.<Object>open(c -> c.withCpuBackend(pool))) {
            settings(language, "Asia/Kolkata", "first");
            String expected = line();
            Subtask<String> plain = scope.fork(kind, () -> line());
            Subtask<Integer> one = scope.fork(kind, () -> 1);
            Subtask<String> next = one.then(number -> number + line());
            List<String> mapped = scope.map(kind, IntStream.range(0, 10).boxed().toList(), number -> number + line());
            scope.join();

            assertThat(plain.get()).isEqualTo(expected);
            assertThat(next.get()).isEqualTo("1" + expected);
            assertThat(mapped)
                    .isEqualTo(IntStream.range(0, 10)
                            .mapToObj(number -> number + expected)
                            .toList());
        }
    }

    /** Of those that wait for a worker. */
    @Test
    void eachOfManyForksHasTheSettingsOfItsMoment() throws Exception {
        try (ProcessPool pool = open();
                var scope = MixedScope.<String>open(c -> c.withCpuBackend(pool))) {
            List<String> expected = new ArrayList<>();
            List<Subtask<String>> subtasks = new ArrayList<>();
            for (int i = 0; i < 30; i++) {
                settings(List.of("de-DE", "fr-FR", "th-TH-u-nu-thai").get(i % 3), "GMT+0" + i % 10, "mode " + i);
                expected.add(line());
                subtasks.add(scope.fork(TaskKind.CPU, () -> line()));
            }
            restore();
            scope.join();

            assertThat(subtasks.stream().map(Subtask::get)).isEqualTo(expected);
        }
    }

    /** Not those of the moment at which what it continues ends. */
    @ParameterizedTest
    @EnumSource(names = {"IO", "CPU"})
    void aContinuationInAWorkerHasTheSettingsOfTheMomentAtWhichItWasAskedFor(TaskKind first) throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        try (ProcessPool pool = open();
                var scope = MixedScope.<String>open(c -> c.withCpuBackend(pool))) {
            Subtask<String> hold = scope.fork(TaskKind.IO, () -> {
                gate.await();
                return "held";
            });
            Subtask<String> before = first == TaskKind.IO ? hold : hold.then(SameLineInAllKindsTest::onCpu);
            settings("de-DE", "Asia/Kolkata", "at then");
            String expected = line();
            Subtask<String> next = before.then(SameLineInAllKindsTest::lineOnCpu);
            settings("fr-FR", "Asia/Tokyo", "later");
            gate.countDown();
            scope.join();

            assertThat(next.get()).isEqualTo(expected);
        }
    }

    @dev.loomscope.core.Cpu
    private static String onCpu(String text) {
        return text;
    }

    @dev.loomscope.core.Cpu
    private static String lineOnCpu(String ignored) {
        return line();
    }

    @Test
    void aTaskInAWorkerOfAWorkerHasThemToo() throws Exception {
        settings("ar-EG-u-nu-arab", "Asia/Kolkata", "above");
        try (ProcessPool pool = open();
                var scope = MixedScope.<String>open(c -> c.withCpuBackend(pool))) {
            Subtask<String> outer = scope.fork(TaskKind.CPU, () -> below());
            scope.join();

            assertThat(outer.get()).isEqualTo(line());
        }
    }

    private static String below() throws Exception {
        try (var scope = MixedScope.<String>open()) {
            Subtask<String> inner = scope.fork(TaskKind.CPU, () -> line());
            scope.join();
            return inner.get();
        }
    }
}
