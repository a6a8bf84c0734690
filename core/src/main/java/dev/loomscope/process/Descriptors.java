package dev.loomscope.process;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Whether this process has file descriptors left for the start of another one.
 *
 * <p>The JDK must not find out: when it gets only some of the pipes that it needs, it closes descriptors whose numbers it has never
 * set, standard input or a file of somebody else (seen on 25.0.3).
 */
final class Descriptors {

    private static final File NULL = new File("/dev/null");
    private static final int FOR_A_PROCESS = 16; // five pipes, and some for those who come between

    private Descriptors() {}

    /**
     * Guards against a lack of descriptors.
     *
     * @throws IOException if there are too few
     */
    static void ensureEnough() throws IOException {
        if (!NULL.exists()) {
            return; // a system with other rules
        }
        List<FileInputStream> taken = new ArrayList<>(FOR_A_PROCESS);
        try {
            for (int i = 0; i < FOR_A_PROCESS; i++) {
                taken.add(new FileInputStream(NULL));
            }
        } finally {
            for (FileInputStream each : taken) {
                each.close();
            }
        }
    }
}
