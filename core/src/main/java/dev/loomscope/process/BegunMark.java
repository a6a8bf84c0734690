package dev.loomscope.process;

import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Which task a worker has begun last, in a file that outlives it: so that its pool knows after a crash whether the task had begun,
 * and need not be told of each one that is over in no time.
 */
final class BegunMark implements Closeable {

    /** The id of no task. */
    static final long NONE = 0;

    /** Which it was cannot be said. */
    static final long UNKNOWN = -1;

    private final RandomAccessFile file; // and no channel, which an interrupt would close
    private final byte[] id = new byte[Long.BYTES];

    private BegunMark(RandomAccessFile file) {
        this.file = file;
    }

    /** Makes the file in a worker's folder; in the worker. Null if there can be none. */
    static @Nullable BegunMark create(@Nullable Path folder) {
        if (folder == null) {
            return null;
        }
        try {
            return createIn(Files.createFile(folder.resolve(WorkerFolder.BEGUN)));
        } catch (IOException e) {
            return null; // a full disk, or no descriptor left
        }
    }

    // A file that says nothing is no promise to the pool that it will.
    private static @Nullable BegunMark createIn(Path path) throws IOException {
        BegunMark mark = null;
        try {
            RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw");
            BegunMark made = new BegunMark(file);
            if (made.set(NONE)) { // the disk has room for it, from now on
                mark = made;
            } else {
                file.close();
            }
            return mark;
        } finally {
            if (mark == null) {
                Files.deleteIfExists(path);
            }
        }
    }

    /** Says that this task begins now; returns false if that cannot be said here. */
    boolean set(long taskId) {
        ByteBuffer.wrap(id).putLong(taskId);
        try {
            file.seek(0);
            file.write(id);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void close() throws IOException {
        file.close();
    }

    /** Whether a worker that is ready has made the file; in the pool. */
    static boolean isIn(WorkerFolder folder) {
        return Files.isRegularFile(folder.begun(), LinkOption.NOFOLLOW_LINKS);
    }

    /**
     * What the file says; in the pool.
     *
     * @param promised whether there must be one: if it cannot be read then, the answer is {@link #UNKNOWN}, or else {@link #NONE}
     */
    static long read(WorkerFolder folder, boolean promised) {
        long otherwise = promised ? UNKNOWN : NONE;
        if (!isIn(folder)) { // the worker could have put anything there, for example a pipe that nobody writes to
            return otherwise;
        }
        try (FileChannel file = FileChannel.open(folder.begun(), StandardOpenOption.READ)) {
            ByteBuffer id = ByteBuffer.allocate(Long.BYTES);
            return file.read(id, 0) == Long.BYTES ? id.flip().getLong() : otherwise;
        } catch (IOException e) {
            return otherwise; // no descriptor left, say
        }
    }
}
