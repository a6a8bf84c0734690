package dev.loomscope.core;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Says where a method runs when it is forked, so that its callers need not know.
 *
 * <p>On a method it counts for a method reference to it and for a lambda whose body calls it. On a class it counts for
 * tasks that are instances of the class, and for those of its methods that say nothing themselves. On an annotation it
 * makes a shorthand, as {@link Io}, {@link Blocking} and {@link Cpu} are; yours work in the same way.
 *
 * @see TaskClassifier the order in which these are looked at
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.TYPE, ElementType.ANNOTATION_TYPE})
public @interface RunsOn {

    /** The kind of the annotated code. */
    TaskKind value();
}
