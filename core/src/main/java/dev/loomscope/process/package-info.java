/**
 * The process pool: CPU tasks in child JVMs that can be killed, crash without harm and have a heap of their own.
 *
 * <p>The parent's side, from the outside in: {@link dev.loomscope.process.ProcessPool} takes {@code PoolJob}s in; {@code
 * PoolState} has the {@code JobQueue}, the {@code WorkerShelf} and the lock that guards them; {@code PoolDispatcher}, {@code
 * TaskOutcomes} and {@code StartOutcomes} decide, by what users, workers and starts say, who gets what next; {@code
 * WorkerStarts} says when a start is tried again, {@code IdleCheck} who is retired; {@code WorkerLaunch} starts a worker's
 * process in a {@code WorkerFolder} and meets it on a {@code WorkerSocket}; {@code FrameChannel} carries {@code Frame}s, and {@code
 * PoolOutbox} keeps those that do not fit yet; {@code TaskCodec} turns tasks and results into bytes, but for large arrays, which
 * travel beside them as an {@code ArrayTable} says, a {@code SimpleValue}, and a {@code ConstantTask}, which it has already; {@code
 * ReplyAssembly} and {@code ResultMemory} bound what arrives, and {@code ResultReader} reads it, after a {@code SerialScan},
 * under a {@code ResultFilter}. The worker's side is {@code WorkerMain}
 * and what it starts: {@code WorkerInbox} is what it hears, on the thread whose {@code ReadingTurn} it is, {@code WorkerTask} runs
 * it, {@code WorkerOutbox} is what it says of its tasks, {@code BegunMark} what outlives it; {@code WorkerSetup} is what both say to
 * each other before the first task; {@code ParentWorld} and {@code WorkerWorld} are the settings that a task finds in its worker as
 * they are in the parent, {@code StartProperties} those that a JVM reads at its start, {@code WorkerLogging} how a worker logs. {@code StartArchive} is what makes a worker start sooner; {@code ArchiveBuild} builds it.
 */
@NullMarked
package dev.loomscope.process;

import org.jspecify.annotations.NullMarked;
