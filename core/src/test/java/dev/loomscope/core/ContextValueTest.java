package dev.loomscope.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.NoSuchElementException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class ContextValueTest {

    private static final ContextValue<String> TENANT = ContextValue.named("unit.tenant");
    private static final ContextValue<Integer> LEVEL = ContextValue.named("unit.level");

    @Test
    void itIsBoundInsideTheCodeAndNowhereElse() {
        assertThat(TENANT.isBound()).isFalse();

        String inside = TENANT.where("acme").call(() -> TENANT.isBound() + " " + TENANT.get());

        assertThat(inside).isEqualTo("true acme");
        assertThat(TENANT.isBound()).isFalse();
    }

    @Test
    void anInnerBindingHidesTheOuterOneAndGivesItBack() {
        TENANT.where("outer").run(() -> {
            LEVEL.where(1)
                    .run(() -> TENANT.where("inner").run(() -> {
                        assertThat(TENANT.get()).isEqualTo("inner");
                        assertThat(LEVEL.get()).isEqualTo(1);
                    }));
            assertThat(TENANT.get()).isEqualTo("outer");
            assertThat(LEVEL.isBound()).isFalse();
        });
    }

    @Test
    void aFailureOfTheCodeEndsTheBindingToo() {
        assertThatThrownBy(() -> TENANT.where("acme").call(() -> {
                    throw new IOException("as it is");
                }))
                .isInstanceOf(IOException.class)
                .hasMessage("as it is");

        assertThat(TENANT.isBound()).isFalse();
    }

    @Test
    void whereItIsNotBoundGetNamesIt() {
        assertThatThrownBy(TENANT::get)
                .isInstanceOf(NoSuchElementException.class)
                .hasMessage("context value 'unit.tenant' is not bound here: bind it with where(...) around the code, or"
                        + " the fork");
        assertThat(TENANT.orElse("nobody")).isEqualTo("nobody");
        assertThat(TENANT.where("acme").<String, RuntimeException>call(() -> TENANT.orElse("nobody")))
                .isEqualTo("acme");
    }

    @Test
    void twoOfOneNameAreTheSame() {
        ContextValue<String> again = ContextValue.named("unit.tenant");

        assertThat(again).isEqualTo(TENANT).hasSameHashCodeAs(TENANT).hasToString("ContextValue[unit.tenant]");
        assertThat(TENANT.where("acme").<String, RuntimeException>call(again::get))
                .isEqualTo("acme");
        assertThat(TENANT).isNotEqualTo(LEVEL);
    }

    @Test
    void anotherThreadDoesNotSeeIt() throws Exception {
        AtomicReference<Boolean> seen = new AtomicReference<>();

        TENANT.where("acme").call(() -> {
            Thread.startVirtualThread(() -> seen.set(TENANT.isBound())).join();
            return null;
        });

        assertThat(seen.get()).isFalse();
    }

    @Test
    void nothingAboutItIsNullOrBlank() {
        assertThatThrownBy(() -> ContextValue.named(" "))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("blank");
        assertThatThrownBy(() -> ContextValue.named(null))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("name");
        assertThatThrownBy(() -> TENANT.where(null))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("value");
        assertThatThrownBy(() -> TENANT.orElse(null))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("other");
    }
}
