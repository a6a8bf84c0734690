package dev.loomscope.process;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Joins the two halves of a remote failure's stack trace: what ran in the worker, and who forked it. Our own frames in between
 * are left out.
 */
final class RemoteTrace {

    /** How many causes of an exception are looked at: a chain of them may be a circle. */
    static final int MAX_CAUSES = 32;

    private static final String OWN_FRAMES = WorkerTask.class.getPackageName() + ".";

    private RemoteTrace() {}

    /** Continues the trace of {@code copy}, which nobody else has seen yet, with the frames of {@code forkSite}. */
    static void extend(Throwable copy, String worker, Throwable forkSite) {
        StackTraceElement[] remote = copy.getStackTrace();
        if (remote.length == 0) {
            return; // an exception without a trace: it stays so
        }
        List<StackTraceElement> joined = new ArrayList<>(userFramesInWorker(Arrays.asList(remote)));
        joined.add(new StackTraceElement("[" + worker + "]", "forked by", "the frames below", -1));
        joined.addAll(userFramesOfFork(forkSite.getStackTrace()));
        copy.setStackTrace(joined.toArray(StackTraceElement[]::new));
        trimCauses(causeOf(copy));
    }

    /** Lets the trace of {@code ours}, an exception of the pool itself, show who forked the task, and not how the pool works. */
    static Throwable atFork(Throwable ours, Throwable forkSite) {
        ours.setStackTrace(userFramesOfFork(forkSite.getStackTrace()).toArray(StackTraceElement[]::new));
        return ours;
    }

    private static void trimCauses(@Nullable Throwable first) {
        Throwable cause = first;
        for (int i = 0; i < MAX_CAUSES && cause != null; i++) {
            cause.setStackTrace(
                    userFramesInWorker(Arrays.asList(cause.getStackTrace())).toArray(StackTraceElement[]::new));
            cause = causeOf(cause);
        }
    }

    // getCause is user code, and may throw.
    static @Nullable Throwable causeOf(Throwable thrown) {
        try {
            return thrown.getCause();
        } catch (RuntimeException e) {
            return null;
        }
    }

    // In a worker, everything from our first frame on (counted from the top) is how the task was called.
    static List<StackTraceElement> userFramesInWorker(List<StackTraceElement> frames) {
        for (int i = 0; i < frames.size(); i++) {
            if (frames.get(i).getClassName().startsWith(OWN_FRAMES)) {
                return i == 0 ? frames : frames.subList(0, i);
            }
        }
        return frames;
    }

    private static List<StackTraceElement> userFramesOfFork(StackTraceElement[] local) {
        List<StackTraceElement> frames = Arrays.asList(local);
        int first = 0;
        while (first < frames.size() && isOurs(frames.get(first).getClassName())) {
            first++;
        }
        return frames.subList(first == frames.size() ? 0 : first, frames.size());
    }

    private static boolean isOurs(String className) {
        return className.startsWith(OWN_FRAMES)
                || className.startsWith("dev.loomscope.core.")
                || (className.startsWith("dev.loomscope.") && className.indexOf('.', "dev.loomscope.".length()) < 0);
    }
}
