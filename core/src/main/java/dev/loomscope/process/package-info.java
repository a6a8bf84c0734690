/**
 * The process pool: CPU tasks in child JVMs that can be killed, crash without harm and have a heap of their own.
 *
 * <p>The parent's side, from the outside in: {@link dev.loomscope.process.ProcessPool} queues {@code PoolJob}s and lends
 * {@code Worker}s to them; {@code WorkerLaunch} starts a worker's process and meets it on a {@code WorkerSocket}; {@code
 * FrameChannel} carries {@code Frame}s; {@code TaskCodec} turns tasks and results into bytes under a {@code ResultFilter}.
 * The worker's side is {@code WorkerMain} and what it starts.
 */
@NullMarked
package dev.loomscope.process;

import org.jspecify.annotations.NullMarked;
