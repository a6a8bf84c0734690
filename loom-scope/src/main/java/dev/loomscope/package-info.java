/**
 * How tasks live together: {@link dev.loomscope.MixedScope}, its {@linkplain dev.loomscope.Subtask subtasks}, {@linkplain
 * dev.loomscope.Joiner joiners}, cancellation and deadlines.
 */
@NullMarked
package dev.loomscope;

import org.jspecify.annotations.NullMarked;
