package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.core.CpuBackend;
import dev.loomscope.core.TaskKind;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** How scopes are configured, and what they say of themselves. */
@SuppressWarnings("NullAway") // nulls where none may be are the matter of some of these
class ConfigurationTest {

    /** Ways to be wrong with a null. */
    static List<Runnable> nullsThatAreRefused() {
        Deadline noDeadline = null;
        ScopeConfig noConfig = null;
        UnaryOperator<ScopeConfig> noChange = null;
        Joiner<Object, Void> noJoiner = null;
        ScopeConfig config = ScopeConfig.defaults();
        return List.of(
                () -> MixedScope.open(noConfig),
                () -> MixedScope.open(noChange),
                () -> MixedScope.open(noJoiner),
                () -> MixedScope.open(noJoiner, c -> c),
                () -> MixedScope.open(Joiner.awaitAll(), noChange),
                () -> MixedScope.open(Joiner.awaitAll(), c -> null),
                () -> Joiner.allUntil(null),
                () -> config.withName(null),
                () -> config.withTimeout(null),
                () -> config.withDeadline(noDeadline),
                () -> config.withLimiter(TaskKind.IO, null),
                () -> config.withLimiter(null, Limiter.of(1)),
                () -> config.withMaxConcurrent(null, 1),
                () -> config.withStragglerGrace(null),
                () -> config.withBlockingCancelPolicy(null),
                () -> config.withCpuBackend((CpuBackend) null),
                () -> config.withListener(null));
    }

    @ParameterizedTest
    @MethodSource("nullsThatAreRefused")
    void nullIsRefusedAndNothingIsOpen(Runnable wrong) {
        assertThatNullPointerException().isThrownBy(wrong::run);
        assertThat(ScopeTree.here()).isNull();
    }

    @Test
    void aConfigurationThatThrowsOpensNothing() throws Exception {
        IllegalStateException broken = new IllegalStateException("broken");
        assertThatThrownBy(() -> MixedScope.open(c -> {
                    throw broken;
                }))
                .isSameAs(broken);
        assertThat(ScopeTree.here()).isNull();
        try (var scope = MixedScope.open()) {
            Subtask<String> subtask = scope.fork(() -> "as before");
            scope.join();
            assertThat(subtask.get()).isEqualTo("as before");
        }
    }

    @Test
    void equalOnesAreEqualAndSayWhatTheyHold() {
        ScopeConfig config = ScopeConfig.defaults();
        Limiter limiter = Limiter.of("the limiter", 3);
        List<UnaryOperator<ScopeConfig>> changes = List.of(
                c -> c.withName("duke"),
                c -> c.withTimeout(Duration.ofSeconds(10)),
                c -> c.withMaxConcurrent(TaskKind.IO, 17),
                c -> c.withMaxConcurrent(TaskKind.BLOCKING, 17),
                c -> c.withLimiter(TaskKind.CPU, limiter),
                c -> c.withBlockingCancelPolicy(CancelPolicy.WAIT));
        List<String> held = List.of("duke", "PT10S", "17", "17", "the limiter", "WAIT");
        for (int i = 0; i < changes.size(); i++) {
            ScopeConfig changed = changes.get(i).apply(config);
            assertThat(changed)
                    .isEqualTo(changes.get(i).apply(config))
                    .hasSameHashCodeAs(changes.get(i).apply(config))
                    .isNotEqualTo(config);
            assertThat(changed.toString()).contains(held.get(i));
        }
        assertThat(ScopeConfig.defaults()).isEqualTo(config);
    }

    @Test
    void aScopeSaysItsNameOpenCancelledAndClosed() {
        MixedScope<Object, Void> scope = MixedScope.open(c -> c.withName("duke"));
        assertThat(scope.toString()).contains("duke").doesNotContain("closed");
        scope.cancel("enough");
        assertThat(scope.toString()).contains("duke", "enough");
        scope.close();
        assertThat(scope.toString()).contains("duke", "closed");
        assertThat(scope.name()).isEqualTo("duke");
    }
}
