package dev.loomscope.process;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Where one worker meets its pool: a Unix-domain socket in a private folder, or a port of the loopback interface where there are
 * no such sockets or the folder's path is too long for one.
 */
final class WorkerSocket implements Closeable {

    // sun_path has 104 to 108 bytes with a final zero, depending on the system.
    private static final int MAX_UNIX_PATH_BYTES = 100;
    private static final String UNIX = "unix:";
    private static final String TCP = "tcp:";

    private final ServerSocketChannel server;
    private final String address;

    private WorkerSocket(ServerSocketChannel server, String address) {
        this.server = server;
        this.address = address;
    }

    /** Listens at {@code path}, where there is no file yet, or at a port. */
    static WorkerSocket bind(Path path) throws IOException {
        if (path.toString().getBytes(StandardCharsets.UTF_8).length <= MAX_UNIX_PATH_BYTES) {
            try {
                ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
                return bound(server, UnixDomainSocketAddress.of(path), UNIX + path);
            } catch (UnsupportedOperationException e) {
                // an operating system without Unix-domain sockets
            }
        }
        ServerSocketChannel server = ServerSocketChannel.open();
        WorkerSocket socket = bound(server, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), TCP);
        int port = ((InetSocketAddress) server.getLocalAddress()).getPort();
        return new WorkerSocket(socket.server, TCP + port);
    }

    private static WorkerSocket bound(ServerSocketChannel server, SocketAddress at, String address) throws IOException {
        try {
            server.bind(at);
            return new WorkerSocket(server, address);
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
        }
    }

    /** What {@link #connect} takes, in the worker. */
    String address() {
        return address;
    }

    /** Waits for somebody to connect; {@link #close} ends that. */
    SocketChannel accept() throws IOException {
        return server.accept();
    }

    static SocketChannel connect(String address) throws IOException {
        if (address.startsWith(UNIX)) {
            return SocketChannel.open(UnixDomainSocketAddress.of(address.substring(UNIX.length())));
        }
        int port = Integer.parseInt(address.substring(TCP.length()));
        SocketChannel channel = SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        return channel;
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
