package dev.loomscope.process;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;

/**
 * What a worker learns through its stdin, before anything else: where to connect, the secret that proves it is the one that was
 * started, the one by which it knows its pool, and whose death it must not survive. Nothing of it is in an argument, the environment
 * or a log.
 *
 * <p>Each side shows the other a secret of its own, once: the worker first, then the pool, to nobody but that worker. So whoever
 * else listens at the address learns a secret that opens nothing, and cannot give the worker a task.
 *
 * @param token what the worker shows
 * @param answer what the pool shows then
 * @param parentStart when the parent process started, as {@link ProcessStart} has it
 * @param channels as {@link ChannelProvider} has it
 * @param warmUp a task to {@linkplain WarmUp warm up} with
 */
record WorkerBootstrap(
        String token,
        String answer,
        String address,
        String worker,
        long parentPid,
        long parentStart,
        String channels,
        ByteBuffer warmUp) {

    /** Changes with every change of the frames or of what is in them. */
    static final int PROTOCOL_VERSION = 7;

    private static final int MAGIC = 0x4c6f6f6d; // "Loom"
    private static final int TOKEN_BYTES = 32;
    private static final int HELLO_BYTES = Integer.BYTES + TOKEN_BYTES + Long.BYTES + Integer.BYTES;

    static WorkerBootstrap create(String address, String worker) {
        long parent = ProcessHandle.current().pid();
        return new WorkerBootstrap(
                newSecret(),
                newSecret(),
                address,
                worker,
                parent,
                ProcessStart.of(parent),
                ChannelProvider.ofThisJvm(),
                WarmUp.task());
    }

    private static String newSecret() {
        byte[] secret = new byte[TOKEN_BYTES];
        new SecureRandom().nextBytes(secret);
        return HexFormat.of().formatHex(secret);
    }

    void writeTo(OutputStream stdin) throws IOException {
        DataOutputStream out = new DataOutputStream(stdin);
        out.writeInt(MAGIC);
        out.writeInt(PROTOCOL_VERSION);
        out.writeUTF(token);
        out.writeUTF(answer);
        out.writeUTF(address);
        out.writeUTF(worker);
        out.writeLong(parentPid);
        out.writeLong(parentStart);
        out.writeUTF(channels);
        out.writeShort(warmUp.remaining());
        out.write(warmUp.array(), warmUp.arrayOffset() + warmUp.position(), warmUp.remaining());
        out.flush();
    }

    static WorkerBootstrap readFrom(InputStream stdin) throws IOException {
        DataInputStream in = new DataInputStream(stdin);
        int magic = in.readInt();
        int version = in.readInt();
        if (magic != MAGIC || version != PROTOCOL_VERSION) {
            throw new ProtocolException(
                    ("a worker of protocol %s was started by something else (%#x, protocol %s); if that"
                                    + " is loom-scope, its classes were replaced while its JVM ran: restart it")
                            .formatted(PROTOCOL_VERSION, magic, version));
        }
        return new WorkerBootstrap(
                in.readUTF(),
                in.readUTF(),
                in.readUTF(),
                in.readUTF(),
                in.readLong(),
                in.readLong(),
                in.readUTF(),
                ByteBuffer.wrap(readBytes(in)));
    }

    private static byte[] readBytes(DataInputStream in) throws IOException {
        byte[] bytes = new byte[in.readUnsignedShort()];
        in.readFully(bytes);
        return bytes;
    }

    /** The first frame of a worker. */
    Frame toHello() throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(body);
        out.writeInt(PROTOCOL_VERSION);
        out.write(bytesOf(token));
        out.writeLong(ProcessStart.ownPid());
        out.writeInt(Runtime.version().feature());
        return Frame.of(Frame.Type.HELLO, 0, body.toByteArray());
    }

    /**
     * Checks the first frame of whoever has connected. Its version and secret have the same place in all versions.
     *
     * @throws WrongWorkerException if it is the worker with this secret, but not one that this JVM can use
     * @throws ProtocolException if it is not
     */
    void verifyHello(Frame frame) throws ProtocolException {
        ByteBuffer body = frame.body().duplicate();
        boolean readable = frame.type() == Frame.Type.HELLO && body.remaining() >= Integer.BYTES + TOKEN_BYTES;
        int version = readable ? body.getInt() : 0;
        boolean known = readable && MessageDigest.isEqual(bytesOf(token), token(body));
        if (known && version != PROTOCOL_VERSION) {
            throw new WrongWorkerException(
                    ("the worker speaks protocol %s, this pool %s: the classes of loom-scope were replaced"
                                    + " while this JVM ran, or are twice on its class path; restart it with the same version of loom-scope everywhere")
                            .formatted(version, PROTOCOL_VERSION));
        }
        if (!readable || frame.body().remaining() != HELLO_BYTES) {
            throw new ProtocolException("the first frame is no hello but %s of %s bytes"
                    .formatted(frame.type(), frame.body().remaining()));
        }
        if (!known) {
            throw new ProtocolException("somebody without the secret has connected");
        }
        verifyJdk(body.getInt(body.position() + Long.BYTES));
    }

    private static byte[] token(ByteBuffer body) {
        byte[] presented = new byte[TOKEN_BYTES];
        body.get(presented);
        return presented;
    }

    // An update of the same JDK is no obstacle: JVMs that run go on while it is installed.
    private static void verifyJdk(int feature) throws WrongWorkerException {
        int ours = Runtime.version().feature();
        if (feature != ours) {
            throw new WrongWorkerException(
                    "the worker runs on JDK %s, this JVM on JDK %s: the one in %s was replaced; restart this JVM"
                            .formatted(feature, ours, System.getProperty("java.home")));
        }
    }

    /** What the pool says to the worker that it has let in. */
    Frame toWelcome() {
        return Frame.of(Frame.Type.WELCOME, 0, bytesOf(answer));
    }

    /**
     * Checks the first frame that comes to the worker; in the worker.
     *
     * @throws ProtocolException if it is not from the pool that has started this worker
     */
    void verifyWelcome(Frame frame) throws ProtocolException {
        byte[] presented = new byte[frame.body().remaining()];
        frame.body().duplicate().get(presented);
        if (frame.type() != Frame.Type.WELCOME || !MessageDigest.isEqual(bytesOf(answer), presented)) {
            throw new ProtocolException(
                    "worker %s was started by process %s, but somebody else listens at %s: it takes no task from there"
                            .formatted(worker, parentPid, address));
        }
    }

    private static byte[] bytesOf(String secret) {
        return HexFormat.of().parseHex(secret);
    }

    /** Keeps the secrets. */
    @Override
    public String toString() {
        return "WorkerBootstrap[%s at %s, parent %s]".formatted(worker, address, parentPid);
    }
}
