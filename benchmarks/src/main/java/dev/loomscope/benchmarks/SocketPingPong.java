package dev.loomscope.benchmarks;

import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The limit of a round trip: two plain JVMs that pass 8 bytes to and fro over a Unix-domain socket, each on its main thread. Arguments:
 * how many samples; or the path of the socket, for the one that answers.
 */
public final class SocketPingPong {

    private static final int SIZE = 8;
    private static final int WARM_UP = 10_000;

    private SocketPingPong() {}

    /** Measures, or answers. */
    public static void main(String[] args) throws Exception {
        if (args[0].startsWith("/")) {
            answer(Path.of(args[0]));
        } else {
            measure(Integer.parseInt(args[0]));
        }
    }

    private static void measure(int samples) throws Exception {
        Path folder = Files.createTempDirectory("pingpong");
        Path path = folder.resolve("s");
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(path));
            Process other = new ProcessBuilder(
                            Program.java(SocketPingPong.class, path).command())
                    .inheritIO()
                    .start();
            try (SocketChannel channel = server.accept()) {
                ByteBuffer buffer = ByteBuffer.allocateDirect(SIZE);
                RoundTrips.measure("raw", WARM_UP, samples, () -> {
                    write(channel, buffer.clear());
                    return read(channel, buffer.clear()) ? 1 : 0;
                });
            } finally {
                other.destroyForcibly().waitFor();
            }
        } finally {
            Files.deleteIfExists(path);
            Files.delete(folder);
        }
    }

    private static void answer(Path path) throws Exception {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(SIZE);
            while (read(channel, buffer.clear())) {
                write(channel, buffer.flip());
            }
        }
    }

    private static void write(SocketChannel channel, ByteBuffer buffer) throws Exception {
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    private static boolean read(SocketChannel channel, ByteBuffer buffer) throws Exception {
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                return false;
            }
        }
        return true;
    }
}
