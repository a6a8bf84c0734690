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
import java.time.Instant;
import java.util.HexFormat;

/**
 * What a worker learns through its stdin, before anything else: where to connect, the secret that proves it is the one that was
 * started, and whose death it must not survive. Nothing of it is in an argument, the environment or a log.
 *
 * @param parentStart when the parent process started, in ms of the epoch; 0 if the system does not tell
 */
record WorkerBootstrap(String token, String address, String worker, long parentPid, long parentStart) {

    /** Changes with every change of the frames or of what is in them. */
    static final int PROTOCOL_VERSION = 3;

    private static final int MAGIC = 0x4c6f6f6d; // "Loom"
    private static final int TOKEN_BYTES = 32;

    static WorkerBootstrap create(String address, String worker) {
        byte[] token = new byte[TOKEN_BYTES];
        new SecureRandom().nextBytes(token);
        ProcessHandle parent = ProcessHandle.current();
        return new WorkerBootstrap(HexFormat.of().formatHex(token), address, worker, parent.pid(), startOf(parent));
    }

    static long startOf(ProcessHandle process) {
        return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
    }

    void writeTo(OutputStream stdin) throws IOException {
        DataOutputStream out = new DataOutputStream(stdin);
        out.writeInt(MAGIC);
        out.writeInt(PROTOCOL_VERSION);
        out.writeUTF(token);
        out.writeUTF(address);
        out.writeUTF(worker);
        out.writeLong(parentPid);
        out.writeLong(parentStart);
        out.flush();
    }

    static WorkerBootstrap readFrom(InputStream stdin) throws IOException {
        DataInputStream in = new DataInputStream(stdin);
        int magic = in.readInt();
        int version = in.readInt();
        if (magic != MAGIC || version != PROTOCOL_VERSION) {
            throw new ProtocolException("a worker of protocol %d was started by something else (%#x, protocol %d)"
                    .formatted(PROTOCOL_VERSION, magic, version));
        }
        return new WorkerBootstrap(in.readUTF(), in.readUTF(), in.readUTF(), in.readLong(), in.readLong());
    }

    /** The first frame of a worker. */
    Frame toHello() throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(body);
        out.writeInt(PROTOCOL_VERSION);
        out.write(tokenBytes());
        out.writeLong(ProcessHandle.current().pid());
        return Frame.of(Frame.Type.HELLO, 0, body.toByteArray());
    }

    /**
     * Checks the first frame of whoever has connected.
     *
     * @throws ProtocolException if it is not the worker with this secret
     */
    void verifyHello(Frame frame) throws ProtocolException {
        ByteBuffer body = frame.body().duplicate();
        if (frame.type() != Frame.Type.HELLO || body.remaining() != Integer.BYTES + TOKEN_BYTES + Long.BYTES) {
            throw new ProtocolException(
                    "the first frame is no hello but %s of %d bytes".formatted(frame.type(), body.remaining()));
        }
        int version = body.getInt();
        if (version != PROTOCOL_VERSION) {
            throw new ProtocolException(
                    "the worker speaks protocol %d, this pool %d; do both run the same version of loom-scope?"
                            .formatted(version, PROTOCOL_VERSION));
        }
        byte[] presented = new byte[TOKEN_BYTES];
        body.get(presented);
        if (!MessageDigest.isEqual(tokenBytes(), presented)) {
            throw new ProtocolException("somebody without the secret has connected");
        }
    }

    private byte[] tokenBytes() {
        return HexFormat.of().parseHex(token);
    }

    /** Keeps the secret. */
    @Override
    public String toString() {
        return "WorkerBootstrap[%s at %s, parent %d]".formatted(worker, address, parentPid);
    }
}
