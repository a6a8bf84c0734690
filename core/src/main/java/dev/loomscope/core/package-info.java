/**
 * What a task is and where it runs: the three {@linkplain dev.loomscope.core.TaskKind kinds}, the functional types of
 * tasks, the annotations by which the implementer of a method decides its kind, {@link
 * dev.loomscope.core.CpuBackend}, the seam through which CPU tasks leave this process, and the {@linkplain
 * dev.loomscope.core.ContextValue context} that travels with them.
 *
 * <p>This package depends on nothing else of loom-scope.
 */
@NullMarked
package dev.loomscope.core;

import org.jspecify.annotations.NullMarked;
