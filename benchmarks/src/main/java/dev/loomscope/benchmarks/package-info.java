/** What loom-scope costs, next to what it is built on. Run them with {@code mvn -q -Pbench}. */
@NullMarked
package dev.loomscope.benchmarks;

import org.jspecify.annotations.NullMarked;
