package dev.loomscope.demos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Demos are copied: they keep the rules of the libraries. */
class DemoRulesTest {

    private static final Pattern MONITOR =
            Pattern.compile("^(?!\\s*(//|/?\\*)).*\\bsynchronized\\b", Pattern.MULTILINE);

    @Test
    void nothingIsSynchronized() throws IOException {
        List<Path> sources = sources();
        assertThat(sources).hasSizeGreaterThan(15);
        List<Path> found = new ArrayList<>();
        for (Path source : sources) {
            if (MONITOR.matcher(Files.readString(source)).find()) {
                found.add(source);
            }
        }
        assertThat(found)
                .as("monitors pin on JDK 21 to 23: use a ReentrantLock")
                .isEmpty();
    }

    private static List<Path> sources() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
            return files.filter(file -> file.toString().endsWith(".java")).toList();
        }
    }
}
