package dev.loomscope.process;

import java.io.Closeable;
import java.io.IOException;
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

    private final FileChannel file;
    private final ByteBuffer id = ByteBuffer.allocateDirect(Long.BYTES);

    private BegunMark(FileChannel file) {
        this.file = file;
    }

    /** Makes the file in a worker's folder; in the worker. Null if there can be none. */
    static @Nullable BegunMark create(@Nullable Path folder) {
        if (folder == null) {
            return null;
        }
        try {
            FileChannel file = FileChannel.open(
                    folder.resolve(WorkerFolder.BEGUN), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            BegunMark mark = new BegunMark(file);
            if (mark.set(NONE)) { // the disk has room for it, from now on
                return mark;
            }
            file.close();
        } catch (IOException e) {
            // a full disk, or no descriptor left
        }
        return null;
    }

    /** Says that this task begins now; returns false if that cannot be said here. */
    boolean set(long taskId) {
        id.clear().putLong(taskId).flip();
        try {
            return file.write(id, 0) == Long.BYTES;
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void close() throws IOException {
        file.close();
    }

    /** What the file says; in the pool, when the worker has ended. */
    static long read(WorkerFolder folder) {
        Path path = folder.begun();
        // The worker could have put anything there, for example a pipe that nobody writes to.
        if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
            return NONE;
        }
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
            ByteBuffer id = ByteBuffer.allocate(Long.BYTES);
            return file.read(id, 0) == Long.BYTES ? id.flip().getLong() : NONE;
        } catch (IOException e) {
            return NONE;
        }
    }
}
