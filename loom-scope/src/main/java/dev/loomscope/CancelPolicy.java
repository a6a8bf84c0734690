package dev.loomscope;

/**
 * What a cancel does to a task on a thread. All of them run the task's {@linkplain MixedScope#onCancel hooks}, and {@link
 * MixedScope#checkCancelled} sees the cancel under all of them.
 *
 * <p>CPU tasks have no policy: theirs is the grace period of the pool, and then the kill.
 */
public enum CancelPolicy {

    /** Its thread is interrupted, and again if it goes on. The default. */
    INTERRUPT,

    /** Nothing: the scope waits until the task ends by itself. For code that an interrupt would leave in a bad state. */
    WAIT,

    /**
     * Its thread is interrupted once, and the scope goes on without it. For legacy calls that nothing stops, of {@link
     * dev.loomscope.core.TaskKind#BLOCKING} only.
     *
     * <p>The thread may outlive the scope: whatever it does from then on is nobody's, its result is dropped, a failure is logged. Its
     * permit comes back when it ends. It inherits no scoped values, because it is no thread of the JDK's scope.
     */
    ABANDON
}
