package dev.loomscope.process;

import java.security.AccessController;
import java.security.PrivilegedAction;
import java.util.concurrent.ThreadFactory;
import java.util.function.Supplier;

/**
 * Makes threads that do not remember the stack on which they were made. Up to JDK 23 a thread keeps the protection domains of that
 * stack for its whole life, and with them the class loader of the application that happened to need the thread first.
 */
final class CleanStack {

    private static final boolean REMEMBERED = Runtime.version().feature() < 24;

    private CleanStack() {}

    /** Returns a factory of the same threads, made on a stack that has only this class and the JDK on it. */
    static ThreadFactory factory(ThreadFactory factory) {
        return REMEMBERED ? code -> privileged(factory, code) : factory;
    }

    /** Returns what {@code maker} makes, with all threads in it made on such a stack. */
    @SuppressWarnings("removal") // JDK 21 to 23 only, where it is not about security
    static <T> T make(Supplier<T> maker) {
        return REMEMBERED ? AccessController.doPrivileged((PrivilegedAction<T>) maker::get) : maker.get();
    }

    @SuppressWarnings("removal") // JDK 21 to 23 only, where it is not about security
    private static Thread privileged(ThreadFactory factory, Runnable code) {
        return AccessController.doPrivileged((PrivilegedAction<Thread>) () -> factory.newThread(code));
    }
}
