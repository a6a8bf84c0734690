package dev.loomscope.demos;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TerminalTest {

    @Test
    void cutsATextThatIsTooLong() {
        assertThat(Terminal.fit("exactly ten", 11)).isEqualTo("exactly ten");
        assertThat(Terminal.fit("exactly ten", 10)).isEqualTo("exactly...");
    }

    @Test
    void wrapsAMessageAtBlanks() {
        Exception thrown = new Exception("one two  three\nfour a-word-wider-than-the-line end");

        assertThat(Terminal.wrapMessage(thrown, 11, "  ").lines())
                .containsExactly("  one two", "  three", "  four", "  a-word-wider-than-the-line", "  end");
    }

    @Test
    void isNotInteractiveInATestRun() {
        assertThat(Terminal.isInteractive()).isFalse();
    }
}
