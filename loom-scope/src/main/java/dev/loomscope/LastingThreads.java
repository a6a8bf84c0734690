package dev.loomscope;

import java.security.AccessController;
import java.security.PrivilegedAction;
import java.util.concurrent.ThreadFactory;

/**
 * Threads of ours that belong to no one scope. They take over nothing from whoever happens to start them:
 * neither its inheritable thread locals and context class loader, which they would keep, nor its priority.
 */
final class LastingThreads {

    private static final boolean STACK_REMEMBERED = Runtime.version().feature() < 24;

    private LastingThreads() {}

    static Thread.Builder.OfPlatform builder() {
        return Thread.ofPlatform()
                .daemon()
                .inheritInheritableThreadLocals(false)
                .priority(Thread.NORM_PRIORITY);
    }

    /** Makes threads with this name. */
    static ThreadFactory factory(String name) {
        return detached(builder().name(name).factory());
    }

    /**
     * Returns a factory of the same threads, which do not remember the stack on which they were made. Up to JDK 23 a thread keeps
     * the protection domains of that stack, and with them the class loader of the application that needed the thread first.
     */
    static ThreadFactory detached(ThreadFactory factory) {
        return STACK_REMEMBERED ? code -> privileged(factory, code) : factory;
    }

    @SuppressWarnings("removal") // JDK 21 to 23 only, where it is not about security
    private static Thread privileged(ThreadFactory factory, Runnable code) {
        return AccessController.doPrivileged((PrivilegedAction<Thread>) () -> factory.newThread(code));
    }
}
