package dev.loomscope.demos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IdentifierCounterTest {

    @Test
    void countsEachUse() {
        assertThat(IdentifierCounter.count("a.b(a, c_1, $d);")).isEqualTo(Map.of("a", 2, "b", 1, "c_1", 1, "$d", 1));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "class if return true null _",
                "1 0xFFL 1e10f",
                "// comment",
                "/* comment // \" */",
                "/** {@link comment} **/",
                "\"text // \\\" more\"",
                "'c' '\\'' '\"'",
                "\"\"\"\n a \"quoted\" block \\\"\"\" more\n\"\"\"",
            })
    void countsNothingElse(String source) {
        assertThat(IdentifierCounter.count(source)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"x // end", "x /* open", "x \"open", "x 'open\\", "x \"\"\"open"})
    void bearsASourceThatBreaksOff(String source) {
        assertThat(IdentifierCounter.count(source)).isEqualTo(Map.of("x", 1));
    }

    @Test
    void goesOnAfterACommentAndAString() {
        assertThat(IdentifierCounter.count("a // b\nc /* d */ e \"f\" g '\\\\' h"))
                .containsOnlyKeys("a", "c", "e", "g", "h");
    }
}
