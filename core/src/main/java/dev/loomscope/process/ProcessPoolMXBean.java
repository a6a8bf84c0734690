package dev.loomscope.process;

/**
 * What JMX shows of a {@link ProcessPool} that was opened {@link ProcessPoolConfig#withJmx with it}, under {@code
 * dev.loomscope:type=ProcessPool,name="cpu"}; of several pools with one name, later ones have a {@code number=2} and so on behind it.
 * The attributes are those of {@link ProcessPoolStats}.
 */
public interface ProcessPoolMXBean {

    /** How many workers there are at most. */
    int getMaxWorkers();

    /** Workers that have a task or can have one. */
    int getLiveWorkers();

    /** Workers that are not ready yet. */
    int getStartingWorkers();

    /** Live workers without a task. */
    int getIdleWorkers();

    /** Live workers with a task. */
    int getBusyWorkers();

    /** Tasks that wait for a worker. */
    int getQueuedTasks();

    /** The size of all tasks that were forked and have no worker yet. */
    long getQueuedBytes();

    /** How large that may be. */
    long getMaxQueuedBytes();

    /** Tasks that have returned a result. */
    long getTasksDone();

    /** Tasks that have failed. */
    long getTasksFailed();

    /** Tasks that have ended after their cancel. */
    long getTasksCancelled();

    /** Workers that have become ready. */
    long getWorkersStarted();

    /** Workers that were healthy and ended by the pool. */
    long getWorkersRetired();

    /** Workers that were killed because their task went on after its cancel. */
    long getWorkersKilled();

    /** Workers that have ended by themselves. */
    long getWorkersCrashed();
}
