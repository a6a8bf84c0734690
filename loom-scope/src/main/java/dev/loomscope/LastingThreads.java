package dev.loomscope;

/**
 * Threads of ours that belong to no one scope. They take over nothing from whoever happens to start them:
 * neither its inheritable thread locals and context class loader, which they would keep, nor its priority.
 */
final class LastingThreads {

    private LastingThreads() {}

    static Thread.Builder.OfPlatform builder() {
        return Thread.ofPlatform()
                .daemon()
                .inheritInheritableThreadLocals(false)
                .priority(Thread.NORM_PRIORITY);
    }
}
