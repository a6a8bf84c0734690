package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.core.TaskKind;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;

/** That this class compiles is half of the test: every way to write a task finds its form of fork. */
class ForkOverloadsTest {

    private static String value() {
        return "value";
    }

    private static void nothing() {}

    private static String checked() throws IOException {
        throw new FileNotFoundException("checked");
    }

    private static String overloaded() {
        return "no argument";
    }

    private static String overloaded(int n) {
        return "one argument " + n;
    }

    private static void overloaded(String name, int n) {}

    private static String one(String argument) {
        return argument + "!";
    }

    private static void sink(String argument) {}

    @Test
    void aMethodReferenceToAMethodWithAResultGivesTheResult() throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<String> plain = scope.fork(ForkOverloadsTest::value);
            Subtask<String> kind = scope.fork(TaskKind.IO, ForkOverloadsTest::value);
            Subtask<String> name = scope.fork("name", ForkOverloadsTest::value);
            Subtask<String> both = scope.fork("name", TaskKind.IO, ForkOverloadsTest::value);
            scope.join();
            assertThat(List.of(plain.get(), kind.get(), name.get(), both.get())).containsOnly("value");
        }
    }

    @Test
    void aMethodReferenceToAnOverloadedMethodGivesTheResult() throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<String> none = scope.fork(ForkOverloadsTest::overloaded);
            Subtask<String> one = scope.fork(ForkOverloadsTest::overloaded, 7);
            Subtask<String> named = scope.fork("name", ForkOverloadsTest::overloaded, 7);
            scope.join();
            assertThat(none.get()).isEqualTo("no argument");
            assertThat(one.get()).isEqualTo("one argument 7");
            assertThat(named.get()).isEqualTo("one argument 7");
            assertThat(named.name()).isEqualTo("name");
        }
    }

    @Test
    void aMethodReferenceWithAStringArgumentIsNotTakenForAName() throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<String> function = scope.fork(ForkOverloadsTest::one, "argument");
            Subtask<Void> action = scope.fork(ForkOverloadsTest::sink, "argument");
            Subtask<Integer> unbound = scope.fork(String::length, "argument");
            scope.join();
            assertThat(function.get()).isEqualTo("argument!");
            assertThat(action.get()).isNull();
            assertThat(unbound.get()).isEqualTo(8);
        }
    }

    @Test
    void anActionHasNoResult() throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<Void> reference = scope.fork(ForkOverloadsTest::nothing);
            Subtask<Void> lambda = scope.fork(() -> nothing());
            Subtask<Void> block = scope.fork(() -> {
                nothing();
            });
            scope.join();
            assertThat(reference.get()).isNull();
            assertThat(lambda.get()).isNull();
            assertThat(block.get()).isNull();
        }
    }

    @Test
    void lambdasMayThrowCheckedExceptions() {
        try (var scope = MixedScope.open()) {
            Subtask<String> value = scope.fork(() -> checked());
            Subtask<String> reference = scope.fork(ForkOverloadsTest::checked);
            Subtask<Object> never = scope.fork(() -> {
                throw new IOException("always");
            });
            assertThatThrownBy(scope::join).isInstanceOf(ScopeFailedException.class);
            assertThat(List.of(value.kind(), reference.kind(), never.kind())).containsOnly(TaskKind.IO);
        }
    }

    @Test
    void aLambdaThatNeverReturnsCompilesAndEndsByCancel() throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Object> endless = scope.fork(() -> {
                while (true) {
                    Patience.forever();
                }
            });
            endless.cancel();
            scope.join();
            assertThat(endless.state()).isEqualTo(Subtask.State.CANCELLED);
        }
    }

    @Test
    void anImplicitlyTypedLambdaTakesTheArgument() throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<String> call = scope.fork(text -> one(text), "a");
            Subtask<Integer> expression = scope.fork(n -> n + 1, 1);
            Subtask<Void> block = scope.fork(
                    text -> {
                        sink(text);
                    },
                    "a");
            scope.join();
            assertThat(call.get()).isEqualTo("a!");
            assertThat(expression.get()).isEqualTo(2);
            assertThat(block.get()).isNull();
        }
    }

    @Test
    void aVariableOfAnyFunctionalTypeIsAccepted() throws Exception {
        Callable<? extends CharSequence> callable = () -> "callable";
        try (var scope = MixedScope.open()) {
            Subtask<CharSequence> subtask = scope.fork(callable);
            scope.join();
            assertThat(subtask.get()).hasToString("callable");
        }
    }

    @Test
    void aScopeOfOneTypeTakesItsSubtypesAndActions() throws Exception {
        try (MixedScope<Number, List<Number>> scope = MixedScope.open(Joiner.allSuccessfulOrThrow())) {
            Subtask<Integer> integer = scope.fork(() -> 1);
            Subtask<Double> real = scope.fork(() -> 2.0);
            List<Number> all = scope.join();
            assertThat(all).containsExactly(integer.get(), real.get());
        }
    }
}
