package dev.loomscope;

/** Somebody whose thread we interrupt, and who can put that off. Both calls come from that thread, in pairs. */
interface Interruptible {

    /** From now on an interrupt of ours is kept back; one that is there already, too. */
    void holdInterrupts();

    /** What was kept back is delivered, once the outermost hold ends. */
    void releaseInterrupts();
}
