package dev.loomscope.process;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The folder in which {@link Files#createTempFile} and {@link File#createTempFile} make their files. Each reads the property {@code
 * java.io.tmpdir} when it is first used, and never again.
 */
final class TemporaryFolder {

    static final String PROPERTY = "java.io.tmpdir";

    private TemporaryFolder() {}

    /** What this JVM has for good. The first worker that is started needs to know it. */
    private static final class Fixed {
        static final @Nullable String FOLDER = use();
    }

    /** Returns the folder that this JVM uses, or if it can make no file there, what the property says. */
    static @Nullable String ofThisJvm() {
        return Fixed.FOLDER != null ? Fixed.FOLDER : System.getProperty(PROPERTY);
    }

    /** From now on a change of the property has no effect on temporary files. */
    static void fix() {
        use();
    }

    private static @Nullable String use() {
        makeAndDelete(false);
        return makeAndDelete(true);
    }

    private static @Nullable String makeAndDelete(boolean nio) {
        try {
            Path made = nio
                    ? Files.createTempFile(WorkerFolder.PREFIX, null)
                    : File.createTempFile(WorkerFolder.PREFIX, null).toPath();
            Files.delete(made);
            Path folder = made.getParent();
            return folder == null ? null : folder.toString();
        } catch (IOException | RuntimeException e) {
            return null; // a missing or full folder is no less fixed
        }
    }
}
