package dev.loomscope.demos.guide;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The code in docs/guide.md is the code of the tests in this package, between {@code // guide: NAME} and {@code // end}. */
class GuideTest {

    private static final Pattern REGION =
            Pattern.compile("^ *// guide: (\\S+)\\n(.*?)^ *// end\\n", Pattern.MULTILINE | Pattern.DOTALL);
    private static final Pattern BLOCK = Pattern.compile("^```java\\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL);

    private final Path root = root();

    @Test
    void showsEachExampleOnceAndNothingElse() throws IOException {
        Map<String, String> regions = regions();
        List<String> unknown = new ArrayList<>();
        List<String> shown = new ArrayList<>();
        for (String block : blocks()) {
            regions.entrySet().stream()
                    .filter(region -> region.getValue().equals(block))
                    .map(Map.Entry::getKey)
                    .findFirst()
                    .ifPresentOrElse(shown::add, () -> unknown.add(block));
        }
        assertThat(unknown).as("code in the guide that no test runs").isEmpty();
        assertThat(shown).as("examples in the guide").containsExactlyInAnyOrderElementsOf(regions.keySet());
    }

    @Test
    void everyMarkOfABeginningHasItsEnd() throws IOException {
        long marks = 0;
        for (Path source : sources()) {
            marks += Files.readString(source)
                    .lines()
                    .filter(line -> line.strip().startsWith("// guide: "))
                    .count();
        }
        assertThat(regions()).hasSize((int) marks).hasSizeGreaterThan(30);
    }

    private List<String> blocks() throws IOException {
        return BLOCK.matcher(Files.readString(root.resolve("docs/guide.md")))
                .results()
                .map(block -> withoutIndent(block.group(1)))
                .toList();
    }

    private Map<String, String> regions() throws IOException {
        Map<String, String> regions = new LinkedHashMap<>();
        for (Path source : sources()) {
            Matcher region = REGION.matcher(Files.readString(source));
            while (region.find()) {
                String before = regions.put(region.group(1), withoutIndent(region.group(2)));
                assertThat(before).as("a second example '%s'", region.group(1)).isNull();
            }
        }
        return regions;
    }

    // Of a text that ends with a new line, stripIndent takes the empty line after it for one without an indent.
    private static String withoutIndent(String code) {
        return code.stripTrailing().stripIndent();
    }

    private List<Path> sources() throws IOException {
        try (Stream<Path> files = Files.list(root.resolve("demos/src/test/java/dev/loomscope/demos/guide"))) {
            return files.filter(file -> !file.endsWith("GuideTest.java"))
                    .sorted()
                    .toList();
        }
    }

    // The tests of a module run in its folder, or in the project's.
    private static Path root() {
        Path here = Path.of("").toAbsolutePath();
        return Files.isDirectory(here.resolve("docs")) ? here : here.getParent();
    }
}
