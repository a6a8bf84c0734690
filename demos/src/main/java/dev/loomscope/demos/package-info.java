/** Runnable stories about loom-scope. Each class with a {@code main} is one; the others are its stage. */
@NullMarked
package dev.loomscope.demos;

import org.jspecify.annotations.NullMarked;
