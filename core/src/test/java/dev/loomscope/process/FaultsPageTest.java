package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What docs/faults.md claims of our tests is true: each one that it names is there and is run. */
class FaultsPageTest {

    private static final Path PAGE = Path.of("../docs/faults.md");
    private static final List<Path> TESTS = List.of(
            Path.of("src/test/java"),
            Path.of("../loom-scope/src/test/java"),
            Path.of("../loom-scope/modules/host-tests/src/test/java"));

    // The class is left out where it is that of the test before.
    private static final Pattern NAMED_TEST = Pattern.compile("`(\\w*)\\.(\\w+)`");

    /** The cells of the rows of all tables. */
    private static List<List<String>> rows() throws IOException {
        return Files.readAllLines(PAGE).stream()
                .filter(line -> line.startsWith("| "))
                .map(line -> Stream.of(line.substring(1, line.lastIndexOf('|')).split("\\|", -1))
                        .map(String::strip)
                        .toList())
                .filter(cells -> !cells.getFirst().equals("fault"))
                .toList();
    }

    @Test
    void everyRowNamesTestsOfOursThatAreThereAndAreRun() throws IOException {
        Map<String, List<String>> sources = sources();
        List<List<String>> rows = rows();
        assertThat(rows).hasSizeGreaterThan(150);
        for (List<String> cells : rows) {
            assertThat(cells).as("the cells of %s", cells).hasSize(4);
            String type = "";
            List<MatchResult> named = NAMED_TEST.matcher(cells.get(3)).results().toList();
            assertThat(named).as("the tests of %s", cells).isNotEmpty();
            for (MatchResult test : named) {
                type = test.group(1).isEmpty() ? type : test.group(1);
                Pattern method = testCalled(test.group(2));
                assertThat(sources.getOrDefault(type, List.of()))
                        .as("%s.%s is a test", type, test.group(2))
                        .anyMatch(source -> method.matcher(source).find());
            }
        }
    }

    @Test
    void noFaultIsListedTwice() throws IOException {
        assertThat(rows()).extracting(cells -> cells.getFirst() + cells.get(3)).doesNotHaveDuplicates();
    }

    // In the source: those of the other module are not on the class path. A blank line ends a method.
    private static Pattern testCalled(String name) {
        return Pattern.compile(
                "@(Test|ParameterizedTest|RepeatedTest)\\b(?:(?!\\n\\n)[\\s\\S])*\\bvoid " + name + "\\(");
    }

    private static Map<String, List<String>> sources() throws IOException {
        Function<Path, String> type = file -> file.getFileName().toString().replaceFirst("\\.java$", "");
        try (Stream<Path> ours = Files.walk(TESTS.get(0));
                Stream<Path> ofScopes = Files.walk(TESTS.get(1));
                Stream<Path> ofHosts = Files.walk(TESTS.get(2))) {
            return Stream.of(ours, ofScopes, ofHosts)
                    .flatMap(files -> files)
                    .filter(file -> file.toString().endsWith("Test.java"))
                    .collect(Collectors.groupingBy(
                            type, Collectors.mapping(FaultsPageTest::textOf, Collectors.toList())));
        }
    }

    private static String textOf(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
