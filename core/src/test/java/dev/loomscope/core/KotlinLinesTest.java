package dev.loomscope.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class KotlinLinesTest {
    private static final String MAP = """
            SMAP
            App.kt
            Kotlin
            *S Kotlin
            *F
            + 1 App.kt
            app/AppKt
            + 2 Lib.kt
            lib/LibKt
            *L
            1#1,62:1
            15#2:63
            16#2,3:64
            20:70
            *S KotlinDebug
            *F
            + 1 App.kt
            app/AppKt
            *L
            33#1:63
            *E
            """;

    @Test
    void linesOfAnInlinedFunctionBelongToItsClass() {
        KotlinLines lines = KotlinLines.parse(MAP);
        assertThat(lines.classAt(62, "?")).isEqualTo("app/AppKt");
        assertThat(lines.classAt(63, "?")).isEqualTo("lib/LibKt");
        assertThat(lines.classAt(66, "?")).isEqualTo("lib/LibKt");
        assertThat(lines.classAt(70, "?")).isEqualTo("lib/LibKt");
        assertThat(lines.classAt(67, "?")).isEqualTo("?");
    }

    @Test
    void withoutAMapEveryLineBelongsToTheClassItself() {
        assertThat(KotlinLines.parse(null).classAt(1, "own")).isEqualTo("own");
        assertThat(KotlinLines.parse("SMAP of something else").classAt(1, "own"))
                .isEqualTo("own");
    }
}
