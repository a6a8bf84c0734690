package dev.loomscope.benchmarks;

import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The limit of a payload: two plain JVMs that pass an array to and fro over a Unix-domain socket, whole each time, from the heap of one
 * to the heap of the other. Arguments: how many samples and how many MiB; for the one that answers the path of the socket comes first.
 */
public final class SocketBulk {

    private static final int MIB = 1 << 20;
    private static final int SLICE = 256 << 10; // the JDK copies heap arrays through a buffer of this size
    private static final int WARM_UP = 5;

    private SocketBulk() {}

    /** Measures, or answers. */
    public static void main(String[] args) throws Exception {
        if (args[0].startsWith("/")) {
            answer(Path.of(args[0]), Integer.parseInt(args[1]));
        } else {
            measure(Integer.parseInt(args[0]), Integer.parseInt(args[1]));
        }
    }

    private static void measure(int samples, int mib) throws Exception {
        Path folder = Files.createTempDirectory("bulk");
        Path path = folder.resolve("s");
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(path));
            Process other = new ProcessBuilder(
                            Program.java(SocketBulk.class, path, mib).command())
                    .inheritIO()
                    .start();
            try (SocketChannel channel = server.accept()) {
                for (int i = -WARM_UP; i < samples; i++) {
                    double seconds = seconds(channel, mib);
                    if (i >= 0) {
                        Measured.say("raw", 2.0 * mib / seconds);
                    }
                }
            } finally {
                other.destroyForcibly().waitFor();
            }
        } finally {
            Files.deleteIfExists(path);
            Files.delete(folder);
        }
    }

    private static double seconds(SocketChannel channel, int mib) throws Exception {
        byte[] sent = new byte[mib * MIB];
        sent[0] = 1;
        sent[sent.length - 1] = 2;
        long start = System.nanoTime();
        write(channel, sent);
        byte[] back = new byte[sent.length];
        boolean there = read(channel, back);
        double seconds = (System.nanoTime() - start) / 1e9;
        if (!there || back[0] != 1 || back[back.length - 1] != 2) {
            throw new IllegalStateException("what came back is not what was sent");
        }
        return seconds;
    }

    private static void answer(Path path, int mib) throws Exception {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            byte[] bytes = new byte[mib * MIB];
            while (read(channel, bytes)) {
                write(channel, bytes);
                bytes = new byte[mib * MIB]; // as a task has a new one each time
            }
        }
    }

    private static void write(SocketChannel channel, byte[] bytes) throws Exception {
        for (int at = 0; at < bytes.length; at += SLICE) {
            ByteBuffer slice = ByteBuffer.wrap(bytes, at, Math.min(SLICE, bytes.length - at));
            while (slice.hasRemaining()) {
                channel.write(slice);
            }
        }
    }

    private static boolean read(SocketChannel channel, byte[] bytes) throws Exception {
        for (int at = 0; at < bytes.length; at += SLICE) {
            ByteBuffer slice = ByteBuffer.wrap(bytes, at, Math.min(SLICE, bytes.length - at));
            while (slice.hasRemaining()) {
                if (channel.read(slice) < 0) {
                    return false;
                }
            }
        }
        return true;
    }
}
