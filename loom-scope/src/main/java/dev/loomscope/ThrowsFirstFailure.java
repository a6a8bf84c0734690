package dev.loomscope;

/**
 * A joiner whose {@code result} throws a failure of a subtask. When failures race, a joiner may hear of them in another order than
 * the scope: of such a joiner's failures the scope takes the one that it has noted first.
 */
sealed interface ThrowsFirstFailure permits AllSuccessful, AnySuccessful, AwaitAllSuccessful {}
