package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

/** What docs/held-against-others.md claims of our tests is true: each one that it names is there and is run. */
class HeldAgainstOthersTest {

    private static final Path PAGE = Path.of("../docs/held-against-others.md");
    private static final Pattern NAMED_TEST = Pattern.compile("`(\\w+Test)\\.(\\w+)`");

    /** The cells of a row of a table. */
    private static List<List<String>> rows() throws Exception {
        return Files.readAllLines(PAGE).stream()
                .filter(line -> line.startsWith("| ") && !line.startsWith("| ---"))
                .map(line -> Arrays.stream(
                                line.substring(1, line.lastIndexOf('|')).split("\\|"))
                        .map(String::strip)
                        .toList())
                .filter(cells -> !cells.get(0).equals("behaviour"))
                .toList();
    }

    @Test
    void everyRowNamesTestsOfOursThatAreThere() throws Exception {
        List<List<String>> rows = rows();
        assertThat(rows).hasSizeGreaterThan(60);
        for (List<String> cells : rows) {
            assertThat(cells).as("the cells of %s", cells).hasSize(4).doesNotContain("");
            List<MatchResult> named = NAMED_TEST.matcher(cells.get(2)).results().toList();
            assertThat(named).as("the tests in %s", cells).isNotEmpty();
            for (MatchResult test : named) {
                assertThat(isTest(test.group(1), test.group(2)))
                        .as("%s is a test", test.group())
                        .isTrue();
            }
        }
    }

    private static boolean isTest(String type, String name) throws ClassNotFoundException {
        Class<?> tests = Class.forName(HeldAgainstOthersTest.class.getPackageName() + "." + type);
        return Arrays.stream(tests.getDeclaredMethods())
                .filter(method -> method.getName().equals(name))
                .anyMatch(HeldAgainstOthersTest::isRun);
    }

    private static boolean isRun(Method method) {
        return method.isAnnotationPresent(Test.class) || method.isAnnotationPresent(ParameterizedTest.class);
    }

    @Test
    void noBehaviourIsListedTwice() throws Exception {
        assertThat(rows()).extracting(List::getFirst).doesNotHaveDuplicates();
    }
}
