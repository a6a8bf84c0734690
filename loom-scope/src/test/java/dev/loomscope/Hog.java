package dev.loomscope;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * Holds every carrier of this JVM: no other virtual thread runs until it is closed. Its virtual threads spin; on the JDKs where a monitor
 * pins, they sleep in one instead.
 */
final class Hog implements AutoCloseable {

    private final List<Thread> holding = new ArrayList<>();
    private volatile boolean released; // the thread that closes it, once

    private Hog() {}

    static Hog holdAllCarriers() throws InterruptedException {
        Hog hog = new Hog();
        int carriers = Integer.getInteger(
                "jdk.virtualThreadScheduler.parallelism", Runtime.getRuntime().availableProcessors());
        CountDownLatch mounted = new CountDownLatch(carriers);
        for (int i = 0; i < carriers; i++) {
            hog.holding.add(Thread.ofVirtual().name("hog-" + i).start(() -> hog.hold(mounted)));
        }
        mounted.await();
        return hog;
    }

    private void hold(CountDownLatch mounted) {
        mounted.countDown();
        if (Runtime.version().feature() < 24) {
            sleepInMonitor();
        }
        while (!released) {
            Thread.onSpinWait();
        }
    }

    @SuppressWarnings("BusyWait") // it is there to hold a carrier
    private void sleepInMonitor() {
        synchronized (new Object()) {
            while (!released) {
                try {
                    Thread.sleep(1);
                } catch (InterruptedException e) {
                    return;
                }
            }
        }
    }

    @Override
    public void close() throws InterruptedException {
        released = true;
        for (Thread thread : holding) {
            thread.join();
        }
    }
}
