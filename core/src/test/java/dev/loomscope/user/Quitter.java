package dev.loomscope.user;

/** Code of users, in a package of theirs: a library somewhere below a task that ends the JVM. */
public final class Quitter {

    private Quitter() {}

    /** Calls {@code System.exit}. */
    public static int quit(int code) {
        System.exit(code);
        return code;
    }

    /** Calls it on a thread of its own, which is the only one that knows why. */
    public static int quitElsewhere(int code, String thread) throws InterruptedException {
        Thread other = new Thread(() -> quit(code), thread);
        other.start();
        other.join();
        return code;
    }

    /** Calls it on a virtual thread. */
    public static int quitOnVirtualThread(int code) throws InterruptedException {
        Thread.startVirtualThread(() -> quit(code)).join();
        return code;
    }
}
