package dev.loomscope.process;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/** Two ends of one real socket. */
record SocketPair(SocketChannel left, SocketChannel right) implements AutoCloseable {

    static SocketPair open(Path folder) throws IOException {
        Path path = folder.resolve("pair");
        Files.deleteIfExists(path);
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(path);
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(address);
            SocketChannel left = SocketChannel.open(address);
            return new SocketPair(left, server.accept());
        }
    }

    @Override
    public void close() throws IOException {
        left.close();
        right.close();
    }
}
