package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.core.Task;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Calendar;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.SimpleTimeZone;
import java.util.TimeZone;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The same line of code gives the same result on a thread and in a worker, whatever has changed the settings of this JVM, and when. */
@Timeout(120)
class SameLineTest {

    private final TimeZone timeZone = TimeZone.getDefault();
    private final Locale locale = Locale.getDefault();
    private final Locale display = Locale.getDefault(Locale.Category.DISPLAY);
    private final Locale format = Locale.getDefault(Locale.Category.FORMAT);
    private final Properties properties = (Properties) System.getProperties().clone();
    private final boolean assertions = SameLineTest.class.desiredAssertionStatus();

    @TempDir
    static Path folder;

    @BeforeEach
    @AfterEach
    void restore() {
        System.setProperties((Properties) properties.clone());
        TimeZone.setDefault(timeZone);
        Locale.setDefault(locale);
        Locale.setDefault(Locale.Category.DISPLAY, display);
        Locale.setDefault(Locale.Category.FORMAT, format);
        ClassLoader.getSystemClassLoader().setDefaultAssertionStatus(assertions);
    }

    /** What a program does to its settings at run time. */
    enum Change {
        NOTHING(() -> {}),
        TIME_ZONE(() -> TimeZone.setDefault(TimeZone.getTimeZone("Asia/Kolkata"))),
        TIME_ZONE_BY_OFFSET(() -> TimeZone.setDefault(TimeZone.getTimeZone("GMT+3:07"))),
        TIME_ZONE_WITH_RULES_OF_ITS_OWN(() -> TimeZone.setDefault(
                new SimpleTimeZone(5_000_000, "Own", Calendar.MARCH, 1, 0, 0, Calendar.JUNE, 1, 0, 0, 1_800_000))),
        TIME_ZONE_OF_A_CLASS_OF_THE_USER(() -> TimeZone.setDefault(new ForeignTimeZone(1_234_000))),
        TIME_ZONE_WITH_ANOTHER_OFFSET(() -> {
            TimeZone zone = TimeZone.getTimeZone("Europe/Paris");
            zone.setRawOffset(7_000_000);
            TimeZone.setDefault(zone);
        }),
        TIME_ZONE_BY_PROPERTY(() -> {
            System.setProperty("user.timezone", "America/Bogota");
            TimeZone.setDefault(null);
        }),
        PROPERTY_OF_TIME_ZONE_WITHOUT_EFFECT(() -> {
            TimeZone.getDefault();
            System.setProperty("user.timezone", "America/Bogota");
        }),
        LOCALE(() -> Locale.setDefault(Locale.GERMANY)),
        LOCALE_OF_FORMATS(() -> Locale.setDefault(Locale.Category.FORMAT, Locale.FRANCE)),
        LOCALE_OF_DISPLAY(() -> Locale.setDefault(Locale.Category.DISPLAY, Locale.JAPAN)),
        LOCALES_OF_BOTH(() -> {
            Locale.setDefault(Locale.ITALY);
            Locale.setDefault(Locale.Category.DISPLAY, Locale.KOREA);
            Locale.setDefault(Locale.Category.FORMAT, Locale.of("hi", "IN"));
        }),
        LOCALE_WITHOUT_LANGUAGE(() -> Locale.setDefault(Locale.ROOT)),
        LOCALE_WITH_ARABIC_DIGITS(() -> Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"))),
        LOCALE_WITH_THAI_DIGITS(() -> Locale.setDefault(Locale.forLanguageTag("th-TH-u-nu-thai"))),
        LOCALE_WITH_A_DOTTED_I(() -> Locale.setDefault(Locale.forLanguageTag("tr-TR"))),
        LOCALE_WITH_SCRIPT(() -> Locale.setDefault(Locale.forLanguageTag("sr-Latn-RS-x-own"))),
        LOCALE_WITHOUT_TAG(() -> Locale.setDefault(Locale.of("ja", "JP", "JP"))),
        LOCALE_THAT_IS_ILL_FORMED(() -> Locale.setDefault(Locale.of("thisIsNone", "at all", "is_it"))),
        PROPERTIES_OF_LOCALE_WITHOUT_EFFECT(() -> {
            System.setProperty("user.language", "xx");
            System.setProperty("user.country", "YY");
            System.setProperty("user.variant", "ZZ");
        }),
        PROPERTY_OF_TEMPORARY_FOLDER(() ->
                System.setProperty("java.io.tmpdir", folder.toAbsolutePath().toString())),
        PROPERTY_OF_FOLDER(() -> System.setProperty("user.dir", "/somewhere/else")),
        PROPERTY_OF_HOME(() -> System.setProperty("user.home", "/home/of somebody")),
        PROPERTY_OF_NAME(() -> System.clearProperty("user.name")),
        PROPERTY_OF_LINE_SEPARATOR(() -> System.setProperty("line.separator", "\r\n")),
        PROPERTY_OF_CHARSET(() -> System.setProperty("file.encoding", "ISO-8859-15")),
        PROPERTIES_WITH_LETTERS_OF_ALL_KINDS(() -> System.setProperty("user.home", "/äöü 名 \ud800 \"'\\ \n\0")),
        PROPERTY_THAT_IS_NO_TEXT(() -> System.getProperties().put("user.home", 42));

        private final Runnable action;

        Change(Runnable action) {
            this.action = action;
        }
    }

    private static ProcessPool open() {
        return ProcessPool.open(c -> c.withWorkers(1).withMaxHeapMiB(64));
    }

    private static TreeMap<String, String> inWorker(ProcessPool pool) throws Exception {
        return PoolRun.run(pool, SameLine::give);
    }

    @ParameterizedTest
    @EnumSource
    void worksInAWorkerThatStartsAfterTheChange(Change change) throws Exception {
        change.action.run();
        try (ProcessPool pool = open()) {
            assertThat(inWorker(pool)).isEqualTo(SameLine.give());
            assertThat(inWorker(pool)).isEqualTo(SameLine.give());
        }
    }

    @ParameterizedTest
    @EnumSource
    void worksInAWarmWorkerAfterTheChangeAndAfterItIsUndone(Change change) throws Exception {
        try (ProcessPool pool = open()) {
            TreeMap<String, String> before = SameLine.give();
            long pid = PoolRun.run(pool, Work::pid);

            change.action.run();

            assertThat(inWorker(pool)).isEqualTo(SameLine.give());

            restore();

            assertThat(inWorker(pool)).isEqualTo(SameLine.give()).isEqualTo(before);
            assertThat(PoolRun.run(pool, Work::pid)).isEqualTo(pid);
        }
    }

    /** As the thread would be, that forked it. */
    @Test
    void tasksInTheQueueHaveTheSettingsOfTheirForkAndNotThoseOfTheirStart() throws Exception {
        try (ProcessPool pool = open()) {
            String gate = folder.resolve("gate").toString();
            PoolRun<Long> first = PoolRun.start(pool, () -> Work.awaitFile(gate));
            List<TreeMap<String, String>> expected = new ArrayList<>();
            List<PoolRun<TreeMap<String, String>>> runs = new ArrayList<>();
            for (Change change : Change.values()) {
                restore();
                change.action.run();
                expected.add(SameLine.give());
                runs.add(PoolRun.prepare(pool, change.name(), SameLine::give));
            }
            restore();
            runs.forEach(PoolRun::start);
            Work.touch(gate);
            first.get();

            List<TreeMap<String, String>> given = new ArrayList<>();
            for (PoolRun<TreeMap<String, String>> run : runs) {
                given.add(run.get());
            }
            assertThat(given).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @EnumSource
    void worksAfterATaskThatHasChangedItsWorker(Change change) throws Exception {
        try (ProcessPool pool = open()) {
            TreeMap<String, String> expected = SameLine.give();

            PoolRun.run(pool, () -> {
                folder = Path.of("/elsewhere");
                change.action.run();
                return "changed";
            });

            assertThat(inWorker(pool)).isEqualTo(expected);
        }
    }

    @Test
    void worksInTheInitOfAWorker() throws Exception {
        Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
        TimeZone.setDefault(TimeZone.getTimeZone("Asia/Kolkata"));
        System.setProperty("acme.init", "set");
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1)
                .withSystemProperties("acme.*")
                .withWorkerInit(() -> System.setProperty("said.init", line())))) {
            assertThat(PoolRun.<String>run(pool, () -> System.getProperty("said.init")))
                    .isEqualTo(line());
        }
    }

    private static String line() {
        return "%d ".formatted(42) + TimeZone.getDefault().getID() + System.getProperty("acme.init");
    }

    @Test
    void worksInAWorkerOfAWorker() throws Exception {
        Change.LOCALES_OF_BOTH.action.run();
        Change.TIME_ZONE.action.run();
        System.setProperty("acme.nested", "set");
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1).withSystemProperties("acme.*"))) {
            String below = PoolRun.run(pool, () -> PoolRun.run(ProcessPool.shared(), () -> below()));
            assertThat(below).isEqualTo(below());

            TimeZone.setDefault(TimeZone.getTimeZone("Asia/Tokyo"));
            Locale.setDefault(Locale.GERMANY);
            System.clearProperty("acme.nested");

            below = PoolRun.run(pool, () -> PoolRun.run(ProcessPool.shared(), () -> below()));
            assertThat(below).isEqualTo(below());
        }
    }

    private static String below() throws Exception {
        return SameLine.give() + System.getProperty("acme.nested");
    }

    /** Of a class that is initialized after that. */
    @Test
    void assertionsAreOnOrOffAsInTheParentAlsoInAWarmWorker() throws Exception {
        Task<Boolean> on = () -> Class.forName("dev.loomscope.process.SameLineTest$NotYetLoaded", false, loader())
                .desiredAssertionStatus();
        try (ProcessPool pool = open()) {
            for (boolean status : new boolean[] {true, false, true}) {
                ClassLoader.getSystemClassLoader().setDefaultAssertionStatus(status);
                assertThat(PoolRun.run(pool, on)).isEqualTo(status).isEqualTo(on.call());
            }
        }
        ClassLoader.getSystemClassLoader().setDefaultAssertionStatus(true);
        try (ProcessPool pool = open()) {
            assertThat(PoolRun.run(pool, SameLineTest::asserts)).isTrue();
        }
    }

    private static boolean asserts() {
        return NotYetLoaded.asserts();
    }

    private static ClassLoader loader() {
        return SameLineTest.class.getClassLoader();
    }

    private static final class NotYetLoaded {
        static boolean asserts() {
            boolean on = false;
            assert on = true;
            return on;
        }
    }

    @Test
    void whatTheUserSetsForWorkersWins() throws Exception {
        Locale.setDefault(Locale.GERMANY);
        TimeZone.setDefault(TimeZone.getTimeZone("Asia/Kolkata"));
        System.setProperty("acme.mode", "parent");
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1)
                .withSystemProperties("acme.*", "acme.mode")
                .withJvmOptions(
                        "-Duser.timezone=Asia/Tokyo",
                        "-Duser.language=fr",
                        "-Duser.country=CA",
                        "-Dacme.mode=worker",
                        "-Duser.home=/home/of workers",
                        "-da"))) {
            for (int i = 0; i < 2; i++) {
                assertThat(PoolRun.<List<Object>>run(
                                pool,
                                () -> List.of(
                                        TimeZone.getDefault().getID(),
                                        Locale.getDefault().toString(),
                                        System.getProperty("acme.mode"),
                                        System.getProperty("user.home"),
                                        SameLineTest.class.desiredAssertionStatus())))
                        .isEqualTo(List.of("Asia/Tokyo", "fr_CA", "worker", "/home/of workers", false));
            }
        }
    }
}
