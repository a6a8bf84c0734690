package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkerBootstrapTest {

    private final WorkerBootstrap bootstrap = WorkerBootstrap.create("unix:/tmp/s", "w1");

    @Test
    void aWorkerReadsWhatThePoolWrote() throws IOException {
        WorkerBootstrap read = WorkerBootstrap.readFrom(new ByteArrayInputStream(written()));

        assertThat(read).isEqualTo(bootstrap);
        assertThat(read.parentPid()).isEqualTo(ProcessHandle.current().pid());
    }

    @Test
    void noTwoWorkersHaveTheSameSecret() {
        WorkerBootstrap other = WorkerBootstrap.create("unix:/tmp/s", "w1");
        assertThat(List.of(bootstrap.token(), bootstrap.answer(), other.token(), other.answer()))
                .doesNotHaveDuplicates()
                .allMatch(secret -> secret.matches("[0-9a-f]{64}"));
    }

    @Test
    void theSecretsAreNotInItsText() {
        assertThat(bootstrap.toString())
                .contains("w1", "unix:/tmp/s")
                .doesNotContain(bootstrap.token(), bootstrap.answer());
    }

    @Test
    void thePoolIsKnownByItsAnswer() {
        assertThatCode(() -> bootstrap.verifyWelcome(bootstrap.toWelcome())).doesNotThrowAnyException();
    }

    @Test
    void nobodyIsTakenForThePoolByWhatTheWorkerHasShownOrByAnythingElse() throws IOException {
        byte[] answer = copy(bootstrap.toWelcome().body()).array();
        List<Frame> others = List.of(
                Frame.of(Frame.Type.WELCOME, 0),
                Frame.of(Frame.Type.WELCOME, 0, HexFormat.of().parseHex(bootstrap.token())),
                Frame.of(Frame.Type.WELCOME, 0, Arrays.copyOf(answer, answer.length - 1)),
                Frame.of(Frame.Type.WELCOME, 0, Arrays.copyOf(answer, answer.length + 1)),
                Frame.of(Frame.Type.TASK, 0, answer),
                WorkerBootstrap.create("unix:/tmp/s", "w1").toWelcome());

        assertThat(others)
                .allSatisfy(frame -> assertThatThrownBy(() -> bootstrap.verifyWelcome(frame))
                        .isInstanceOf(ProtocolException.class)
                        .hasMessageContaining("somebody else listens at unix:/tmp/s")
                        .hasMessageNotContaining(bootstrap.answer()));
    }

    @Test
    void theWorkerThatKnowsTheSecretIsLetIn() {
        assertThatCode(() -> bootstrap.verifyHello(bootstrap.toHello())).doesNotThrowAnyException();
    }

    @Test
    void theHelloOfAnotherWorkerIsRefusedWithoutTellingTheSecret() throws IOException {
        Frame hello = WorkerBootstrap.create("unix:/tmp/s", "w1").toHello();

        assertThatThrownBy(() -> bootstrap.verifyHello(hello))
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining("secret")
                .hasMessageNotContaining(bootstrap.token());
    }

    @Test
    void aWorkerOfAnotherVersionIsRefusedWithBothVersions() throws IOException {
        int ours = WorkerBootstrap.PROTOCOL_VERSION;
        ByteBuffer body = copy(bootstrap.toHello().body()).putInt(0, ours + 6);

        assertThatThrownBy(() -> bootstrap.verifyHello(Frame.of(Frame.Type.HELLO, 0, body.array())))
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining("protocol " + (ours + 6))
                .hasMessageContaining("pool " + ours)
                .hasMessageContaining("same version of loom-scope");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 43, 45, Frame.MAX_BODY})
    void aHelloOfTheWrongSizeIsRefused(int size) {
        assertThatThrownBy(() -> bootstrap.verifyHello(Frame.of(Frame.Type.HELLO, 0, new byte[size])))
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining(size + " bytes");
    }

    @Test
    void aFirstFrameThatIsNoHelloIsRefused() throws IOException {
        Frame ready =
                Frame.of(Frame.Type.READY, 0, copy(bootstrap.toHello().body()).array());

        assertThatThrownBy(() -> bootstrap.verifyHello(ready))
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining("READY");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 4})
    void aWorkerStartedBySomethingElseSaysSo(int position) throws IOException {
        byte[] bytes = written();
        bytes[position + 3]++;

        assertThatThrownBy(() -> WorkerBootstrap.readFrom(new ByteArrayInputStream(bytes)))
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining("was started by something else");
    }

    @Test
    void anEndOfStdinAnywhereIsAnEndOfFile() throws IOException {
        byte[] bytes = written();
        for (int length = 0; length < bytes.length; length++) {
            ByteArrayInputStream cut = new ByteArrayInputStream(bytes, 0, length);
            assertThatThrownBy(() -> WorkerBootstrap.readFrom(cut)).isInstanceOf(EOFException.class);
        }
    }

    private byte[] written() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        bootstrap.writeTo(out);
        return out.toByteArray();
    }

    private static ByteBuffer copy(ByteBuffer bytes) {
        return ByteBuffer.allocate(bytes.remaining()).put(bytes.duplicate());
    }
}
