package dev.loomscope.process;

import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What the files of a pool's workers are called, by which no two workers that live at the same time write to one file: the name of the
 * pool, in letters that every file system has, with a number if another open pool has that already.
 *
 * <p>Each worker has its own in the system property {@value #PROPERTY}, for the configuration of a logging framework.
 */
final class WorkerLabel {

    static final String PROPERTY = "loom.scope.worker";

    private static final int MAX_LENGTH = 80;
    private static final ReentrantLock lock = new ReentrantLock();
    private static final Set<String> taken =
            new HashSet<>(); // guarded by lock; in lower case, as some file systems see them

    private final String text;
    private boolean givenBack; // guarded by lock; never goes back to false

    private WorkerLabel(String text) {
        this.text = text;
    }

    /** Takes one for a pool of this name, until it is {@linkplain #giveBack given back}. */
    static WorkerLabel take(String pool) {
        String base = inThisProcess(pool);
        lock.lock();
        try {
            String text = base;
            for (int i = 2; !taken.add(text.toLowerCase(Locale.ROOT)); i++) {
                text = base + "-" + i;
            }
            return new WorkerLabel(text);
        } finally {
            lock.unlock();
        }
    }

    // Workers of a worker are called after it, too.
    private static String inThisProcess(String pool) {
        String worker = Nesting.depth() == 0 ? "" : System.getProperty(PROPERTY, "");
        String own = pool.startsWith(Nesting.worker() + "/")
                ? pool.substring(Nesting.worker().length() + 1)
                : pool;
        return worker.isEmpty() ? safe(own) : worker + "." + safe(own);
    }

    // Not at its beginning, where a dot hides a file and a hyphen looks like an option.
    private static String safe(String name) {
        StringBuilder safe = new StringBuilder();
        for (int i = 0; i < name.length() && i < MAX_LENGTH; i++) {
            char c = name.charAt(i);
            boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
            boolean inside = i > 0 && (c == '.' || c == '-');
            safe.append(letter || inside ? c : '_');
        }
        return safe.toString();
    }

    String text() {
        return text;
    }

    /** Lets another pool have it, once no worker of this one lives. */
    void giveBack() {
        lock.lock();
        try {
            if (!givenBack) {
                givenBack = true;
                taken.remove(text.toLowerCase(Locale.ROOT));
            }
        } finally {
            lock.unlock();
        }
    }

    /** Returns the option that tells a worker of a pool what its files are called. */
    static String option(ProcessPoolConfig config, String worker) {
        return "-D%s=%s-%s".formatted(PROPERTY, config.label(), worker);
    }
}
