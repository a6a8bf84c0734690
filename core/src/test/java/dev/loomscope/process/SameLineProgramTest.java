package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Programs that are started with options and in environments that change what a line of code does. */
@Timeout(120)
class SameLineProgramTest {

    @TempDir
    Path folder;

    private String run(Map<String, String> environment, String... options) throws Exception {
        List<String> command = TinyApp.javaCommand(options);
        Path tests = Path.of(SameLineProgram.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        command.addAll(List.of("-cp", TinyApp.classPath(tests), "dev.loomscope.process.SameLineProgram"));
        return new TinyApp(folder).run(environment, command);
    }

    private static void assertSame(String output) {
        assertThat(output).doesNotContain("OTHER").contains("same time zone: ").contains("the end");
    }

    static Stream<String> options() {
        return Stream.of(
                "-Duser.timezone=Asia/Kolkata",
                "-Duser.timezone=GMT+3",
                "-Duser.timezone=Nowhere/None",
                "-Duser.timezone=",
                "-Duser.language=de -Duser.country=DE",
                "-Duser.language=de",
                "-Duser.country=",
                "-Duser.language.format=fr -Duser.country.format=FR",
                "-Duser.language.display=ja",
                "-Duser.language=ar -Duser.country=EG -Duser.extensions=u-nu-arab",
                "-Duser.language=th -Duser.country=TH -Duser.variant=TH",
                "-Duser.language=fa -Duser.region=IR",
                "-Duser.language=tr -Duser.country=TR",
                "-Duser.language=sr -Duser.script=Latn",
                "-Dfile.encoding=ISO-8859-15",
                "-Dfile.encoding=UTF-16",
                "-Dfile.encoding=COMPAT",
                "-Dnative.encoding=ISO-8859-1 -Dfile.encoding=COMPAT",
                "-Dline.separator=|",
                "-Dline.separator=\r\n",
                "-Djava.io.tmpdir=.",
                "-Duser.dir=/usr",
                "-Duser.home=/somewhere",
                "-Duser.name=somebody",
                "-ea",
                "-enableassertions -da:dev.loomscope.process.SameLine",
                "-ea:dev.loomscope.process...",
                "-ea:dev.loomscope.user.Quitter",
                "-ea -disableassertions:dev.loomscope.event...",
                "-da:dev.loomscope.event... -ea",
                "-esa",
                "-enablesystemassertions -ea -dsa");
    }

    @ParameterizedTest
    @MethodSource("options")
    void anOptionOfTheProgramHasTheSameEffectInItsWorkers(String options) throws Exception {
        String output = run(Map.of(), options.split(" "));

        assertSame(output);
    }

    @Test
    void theEnvironmentHasTheSameEffectInWorkers() throws Exception {
        assertSame(run(Map.of("TZ", "America/Bogota")));
        assertSame(run(Map.of("LC_ALL", "C")));
        assertSame(run(Map.of("LC_ALL", "C.UTF-8")));
        assertSame(run(Map.of("LC_ALL", "POSIX"), "-Dfile.encoding=COMPAT"));
        assertSame(run(Map.of("LANG", "de_DE.UTF-8", "LC_ALL", "")));
        assertSame(run(Map.of("JAVA_TOOL_OPTIONS", "-Duser.timezone=Asia/Tokyo -ea -Dfile.encoding=ISO-8859-1")));
    }

    @Test
    void temporaryFilesAreWhereTheParentHasThemAlsoInAWarmWorkerWhoseParentHasChangedTheProperty() throws Exception {
        Path first = Files.createDirectory(folder.resolve("first"));
        assertSame(run(Map.of(), "-Djava.io.tmpdir=" + first));

        List<Path> left = new ArrayList<>();
        try (Stream<Path> files = Files.list(first)) {
            files.forEach(left::add);
        }
        assertThat(left).isEmpty();
    }
}
