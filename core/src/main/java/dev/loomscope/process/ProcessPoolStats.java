package dev.loomscope.process;

/**
 * What is in a {@link ProcessPool} at one time, and what has happened in it since it was opened.
 *
 * <p>The first eight belong together: they are of one moment. The others are counted when they happen, so that a worker that is being
 * killed is neither live nor among the killed yet. A task is counted before its caller sees its end.
 *
 * @param maxWorkers how many workers there are at most, after the memory budget has had its say
 * @param live workers that have a task or can have one
 * @param starting workers that are not ready yet
 * @param idle live workers without a task
 * @param busy live workers with a task
 * @param queuedTasks tasks that wait for a worker
 * @param queuedBytes the size of all tasks that were forked and have no worker yet
 * @param maxQueuedBytes how large that may be
 * @param done tasks that have returned a result
 * @param failed tasks that have failed: by what they threw, with their worker, or because there was none
 * @param cancelled tasks that have ended otherwise than with a result after their cancel
 * @param started workers that have become ready
 * @param retired workers that were healthy and ended by the pool: idle, used up, out of memory, at its close
 * @param killed workers that were killed because their task went on after its cancel
 * @param crashed workers that have ended by themselves
 */
public record ProcessPoolStats(
        int maxWorkers,
        int live,
        int starting,
        int idle,
        int busy,
        int queuedTasks,
        long queuedBytes,
        long maxQueuedBytes,
        long done,
        long failed,
        long cancelled,
        long started,
        long retired,
        long killed,
        long crashed) {}
