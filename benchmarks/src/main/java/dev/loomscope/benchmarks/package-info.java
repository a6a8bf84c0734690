/** What loom-scope costs, next to what it is built on and to what others have: {@link dev.loomscope.benchmarks.Bench} runs all of it. */
@NullMarked
package dev.loomscope.benchmarks;

import org.jspecify.annotations.NullMarked;
