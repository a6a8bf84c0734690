package com.example;

import dev.loomscope.process.ProcessPool;

/** Code of users, in a package of their own. */
public final class SharedPoolUser {

    private SharedPoolUser() {}

    /** Uses the shared pool. */
    public static void use() {
        ProcessPool.shared();
    }

    /** Configures the shared pool. */
    public static void configure() {
        ProcessPool.configureShared(c -> c.withWorkers(1));
    }
}
