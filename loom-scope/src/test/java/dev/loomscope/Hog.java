package dev.loomscope;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** Holds every carrier of this JVM with virtual threads that spin: no other virtual thread runs until it is closed. */
final class Hog implements AutoCloseable {

    private final List<Thread> spinning = new ArrayList<>();
    private volatile boolean released; // the thread that closes it, once

    private Hog() {}

    static Hog holdAllCarriers() throws InterruptedException {
        Hog hog = new Hog();
        int carriers = Integer.getInteger(
                "jdk.virtualThreadScheduler.parallelism", Runtime.getRuntime().availableProcessors());
        CountDownLatch mounted = new CountDownLatch(carriers);
        for (int i = 0; i < carriers; i++) {
            hog.spinning.add(Thread.ofVirtual().name("hog-" + i).start(() -> hog.spin(mounted)));
        }
        mounted.await();
        return hog;
    }

    private void spin(CountDownLatch mounted) {
        mounted.countDown();
        while (!released) {
            Thread.onSpinWait();
        }
    }

    @Override
    public void close() throws InterruptedException {
        released = true;
        for (Thread thread : spinning) {
            thread.join();
        }
    }
}
