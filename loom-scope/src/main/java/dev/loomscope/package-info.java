/**
 * How tasks live together: {@link dev.loomscope.MixedScope}, its {@linkplain dev.loomscope.Subtask subtasks}, {@linkplain
 * dev.loomscope.Joiner joiners}, cancellation and deadlines.
 *
 * <p>Only what is marked as nullable may be null; a null elsewhere is a {@link java.lang.NullPointerException}, also
 * where that is not said.
 */
@NullMarked
package dev.loomscope;

import org.jspecify.annotations.NullMarked;
