package dev.loomscope.demos;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RegexDeadlineTest {

    private static final Pattern VERDICT =
            Pattern.compile("The caller was free again after (\\d+) ms with the thread, (\\d+) ms with the scope\\.");

    private static DemoProcess demo;

    @BeforeAll
    static void run(@TempDir Path temp) throws Exception {
        demo = DemoProcess.run(RegexDeadline.class, temp, "--deadline-ms", "200")
                .succeeded();
    }

    @Test
    void freesTheCallerBeforeTheMatchEnds() {
        Matcher verdict = VERDICT.matcher(demo.lastLine());
        assertThat(verdict.matches()).as(demo.lastLine()).isTrue();
        assertThat(Long.parseLong(verdict.group(2))).isLessThan(Long.parseLong(verdict.group(1)));
    }

    @Test
    void showsWhatTheCallerSees() {
        assertThat(demo.out())
                .anyMatch(line -> line.contains("DeadlineExceededException"))
                .anyMatch(line -> line.matches(" +and the worker, process \\d+, is gone"))
                .anyMatch(line -> line.endsWith("the next match is done, in a new worker: true"))
                .allMatch(line -> line.length() <= 100);
    }

    @Test
    void aDoubledWordMatches() {
        assertThat(EvilRegex.matches("once again again")).isTrue();
        assertThat(EvilRegex.matches("once again")).isFalse();
        assertThat(EvilRegex.matches(EvilRegex.line(8))).isFalse();
    }
}
