package dev.loomscope.core;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Shorthand for {@code @RunsOn(BLOCKING)}: the code holds on to its thread, and runs on a platform thread. */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.TYPE})
@RunsOn(TaskKind.BLOCKING)
public @interface Blocking {}
