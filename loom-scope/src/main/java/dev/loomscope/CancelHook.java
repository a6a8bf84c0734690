package dev.loomscope;

/**
 * A {@linkplain MixedScope#onCancel hook} that is in place. Close it when what it would stop is over:
 *
 * {@snippet :
 * try (Statement statement = connection.createStatement();
 *         CancelHook hook = MixedScope.onCancel(statement::cancel)) {
 *     return rowsOf(statement.executeQuery(sql));
 * }
 * }
 *
 * <p>The {@code SQLException} of a statement that was cancelled is a failure of the subtask, as {@link
 * MixedScope#onCancel} says.
 */
public sealed interface CancelHook extends AutoCloseable permits CancelHooks.Entry {

    /** Takes the hook away. If it is just running, waits until it has ended. Closing twice has no effect. */
    @Override
    void close();
}
