package dev.loomscope.process;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Waits until a socket that does not block can be read, or written, or is closed.
 *
 * <p>One of those who wait asks the system, for all of them; so a reader and a writer may wait at the same time. An interrupt
 * neither ends a wait nor closes the socket, as it would one that blocks.
 */
final class SocketReadiness implements Closeable {

    private final Selector selector;
    private final SelectionKey key;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private boolean asking; // guarded by lock; one of those who wait is asking the system
    private int wanted; // guarded by lock; what they wait for
    private int ready; // guarded by lock; what nobody has taken yet
    private @Nullable Runnable whenWritable; // guarded by lock

    SocketReadiness(SocketChannel socket) throws IOException {
        socket.configureBlocking(false);
        this.selector = Selector.open();
        try {
            this.key = socket.register(selector, 0);
        } catch (IOException | RuntimeException e) {
            selector.close();
            throw e;
        }
    }

    /** Waits until there is something to read, or the other side has closed. */
    void awaitReadable() throws IOException {
        await(SelectionKey.OP_READ);
    }

    /** Waits until there is room to write. */
    void awaitWritable() throws IOException {
        await(SelectionKey.OP_WRITE);
    }

    /** Has {@code action} run once there is room to write, by whoever waits to read then; once. */
    void whenWritable(Runnable action) {
        lock.lock();
        try {
            whenWritable = action;
            want(SelectionKey.OP_WRITE);
        } finally {
            lock.unlock();
        }
    }

    private void await(int operation) throws IOException {
        boolean interrupted = false;
        lock.lock();
        try {
            want(operation);
            while ((ready & operation) == 0) {
                if (asking) {
                    changed.awaitUninterruptibly();
                    ensureOpen();
                } else {
                    interrupted |= Thread.interrupted(); // it would end the question at once
                    ask();
                    runWhenWritable();
                }
            }
            ready &= ~operation;
        } finally {
            lock.unlock();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    // Guarded by lock.
    private void want(int operation) {
        if ((wanted & operation) == 0) {
            wanted |= operation;
            if (asking) {
                selector.wakeup();
            }
        }
    }

    // Guarded by lock, which it gives up meanwhile.
    private void ask() throws IOException {
        asking = true;
        int found = 0;
        int operations = wanted;
        lock.unlock();
        try {
            found = select(operations);
        } catch (CancelledKeyException | ClosedSelectorException e) {
            throw new ClosedChannelException();
        } finally {
            lock.lock();
            asking = false;
            ready |= found;
            wanted &= ~found;
            changed.signalAll();
        }
    }

    private int select(int operations) throws IOException {
        if (key.interestOps() != operations) {
            key.interestOps(operations);
        }
        selector.select();
        boolean found = !selector.selectedKeys().isEmpty(); // else somebody has woken it, and the key has old news
        selector.selectedKeys().clear();
        return found ? key.readyOps() & operations : 0;
    }

    // Guarded by lock, which it gives up meanwhile.
    private void runWhenWritable() {
        Runnable action = whenWritable;
        if (action == null || (ready & SelectionKey.OP_WRITE) == 0) {
            return;
        }
        whenWritable = null;
        ready &= ~SelectionKey.OP_WRITE;
        lock.unlock();
        try {
            action.run();
        } finally {
            lock.lock();
        }
    }

    private void ensureOpen() throws ClosedChannelException {
        if (!selector.isOpen()) {
            throw new ClosedChannelException();
        }
    }

    /** Ends every wait. */
    @Override
    public void close() throws IOException {
        selector.close();
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
