package dev.loomscope.process;

import dev.loomscope.core.CurrentTask;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serial;
import java.io.Serializable;
import java.util.concurrent.CountDownLatch;

/** An object, or an exception, whose own code for serialization misbehaves at one of the four moments of its way. */
final class Faulty implements Serializable {

    /** What goes wrong. */
    enum Fault {
        THROW,
        ERROR,
        LOOP,
        LISTEN,
        EXIT,
        ALLOCATE
    }

    /** When it does. */
    enum Moment {
        WRITTEN_IN_FORK,
        READ_IN_WORKER,
        WRITTEN_IN_WORKER,
        READ_IN_PARENT
    }

    /** An exception that has one in it. */
    static final class Exceptional extends Exception {

        @Serial
        private static final long serialVersionUID = 1L;

        @SuppressWarnings("unused")
        private final Faulty faulty;

        Exceptional(Fault fault, Moment moment) {
            super("exceptional");
            this.faulty = new Faulty(fault, moment);
        }
    }

    @Serial
    private static final long serialVersionUID = 1L;

    private static final long LIMIT_NANOS = 60_000_000_000L;

    // of this JVM: where a loop is heard of, and where it is told to end
    private static volatile CountDownLatch looping = new CountDownLatch(1);
    private static volatile Thread looper;
    private static volatile boolean released;

    private final Fault fault;
    private final Moment moment;

    Faulty(Fault fault, Moment moment) {
        this.fault = fault;
        this.moment = moment;
    }

    /** Makes ready for a loop in this JVM. */
    static void arm() {
        released = false;
        looper = null;
        looping = new CountDownLatch(1);
    }

    /** Waits until the loop in this JVM runs, and returns its thread. */
    static Thread awaitLoop() throws InterruptedException {
        if (!looping.await(PoolRun.PATIENCE.toSeconds(), java.util.concurrent.TimeUnit.SECONDS)) {
            throw new AssertionError("nothing loops");
        }
        return looper;
    }

    /** Ends the loops in this JVM. */
    static void release() {
        released = true;
    }

    @Serial
    private void writeObject(ObjectOutputStream out) throws IOException {
        out.defaultWriteObject();
        misbehaveAt(isWorker() ? Moment.WRITTEN_IN_WORKER : Moment.WRITTEN_IN_FORK);
    }

    @Serial
    private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
        in.defaultReadObject();
        misbehaveAt(isWorker() ? Moment.READ_IN_WORKER : Moment.READ_IN_PARENT);
    }

    private static boolean isWorker() {
        return CurrentTask.current() != null;
    }

    private void misbehaveAt(Moment now) {
        if (now != moment) {
            return;
        }
        switch (fault) {
            case THROW -> throw new IllegalStateException("faulty");
            case ERROR -> throw new AssertionError("faulty");
            case LOOP -> loop();
            case LISTEN -> listen();
            case EXIT -> System.exit(7);
            case ALLOCATE -> allocate();
            default -> throw new IllegalArgumentException(fault.name());
        }
    }

    private static void loop() {
        looper = Thread.currentThread();
        looping.countDown();
        long end = System.nanoTime() + LIMIT_NANOS;
        while (!released && System.nanoTime() < end) {
            Thread.yield();
        }
    }

    private static void listen() {
        looper = Thread.currentThread();
        looping.countDown();
        try {
            Work.listen();
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted", e);
        }
    }

    // More than any heap has, so that none is filled.
    private static void allocate() {
        long[][] hog = new long[1 << 10][];
        for (int i = 0; i < hog.length; i++) {
            hog[i] = new long[Integer.MAX_VALUE - 8];
        }
        throw new AssertionError("so much memory " + hog.length);
    }
}
