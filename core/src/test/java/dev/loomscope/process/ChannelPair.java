package dev.loomscope.process;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/** Two channels with one real socket between them, and the left end of that, for bytes that are no frames. */
record ChannelPair(FrameChannel left, FrameChannel right, SocketChannel leftSocket) implements AutoCloseable {

    static ChannelPair open(Path folder) throws IOException {
        Path path = folder.resolve("pair");
        Files.deleteIfExists(path);
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(path);
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(address);
            SocketChannel left = SocketChannel.open(address);
            return new ChannelPair(new FrameChannel(left), new FrameChannel(server.accept()), left);
        }
    }

    @Override
    public void close() throws IOException {
        left.close();
        right.close();
    }
}
