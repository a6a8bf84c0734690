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
import org.jspecify.annotations.Nullable;

/**
 * Where one worker meets its pool: a Unix-domain socket in a private folder, or a port of the loopback interface where there are
 * no such sockets, there is no folder, or its path is too long. Anybody on the machine can connect to a port; who is let in is a
 * matter of the {@link Handshake} with both.
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

    /** Listens in {@code folder}, or else at a port. */
    static WorkerSocket bind(WorkerFolder folder) throws IOException {
        Path path = folder.socket();
        if (folder.exists() && path.toString().getBytes(StandardCharsets.UTF_8).length <= MAX_UNIX_PATH_BYTES) {
            try {
                ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
                return bound(server, UnixDomainSocketAddress.of(path), UNIX + path);
            } catch (IOException | UnsupportedOperationException e) {
                // an operating or file system without them, or one that is full
            }
        }
        ServerSocketChannel server = ServerSocketChannel.open();
        WorkerSocket socket = bound(server, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), TCP);
        InetSocketAddress local = (InetSocketAddress) server.getLocalAddress();
        // with the address: the worker's own idea of the loopback interface may be another, as IPv6
        String host = local.getAddress().getHostAddress();
        return new WorkerSocket(socket.server, TCP + local.getPort() + "@" + host);
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

    /** The folder of the socket with this address; null if it is no file. */
    static @Nullable Path folderOf(String address) {
        return address.startsWith(UNIX)
                ? Path.of(address.substring(UNIX.length())).getParent()
                : null;
    }

    /** Waits for somebody to connect; {@link #close} ends that. */
    SocketChannel accept() throws IOException {
        SocketChannel channel = server.accept();
        return address.startsWith(TCP) ? withoutDelay(channel) : channel;
    }

    static SocketChannel connect(String address) throws IOException {
        if (address.startsWith(UNIX)) {
            return SocketChannel.open(UnixDomainSocketAddress.of(address.substring(UNIX.length())));
        }
        String[] portAndHost = address.substring(TCP.length()).split("@", 2);
        InetAddress host = InetAddress.getByName(portAndHost[1]); // a number, which nobody is asked for
        return withoutDelay(SocketChannel.open(new InetSocketAddress(host, Integer.parseInt(portAndHost[0]))));
    }

    private static SocketChannel withoutDelay(SocketChannel channel) {
        try {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        } catch (IOException e) {
            // closed by the other side already: whoever reads from it finds out
        }
        return channel;
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
