package dev.loomscope.process;

import java.util.Set;

/**
 * The value types in the run-time libraries of Kotlin, Scala and Groovy: their collections, tuples, ranges, numbers and texts. Tasks
 * return them as tasks in Java return those of {@code java.util}.
 *
 * <p>Not among them is what runs code of others when it is read: closures, proxies and wrappers of functions.
 */
final class LanguageValues {

    private static final Set<String> PACKAGES = Set.of(
            "kotlin",
            "kotlin.collections",
            "kotlin.collections.builders",
            "kotlin.enums",
            "kotlin.ranges",
            "kotlin.text",
            "kotlin.time",
            "kotlin.uuid",
            "scala",
            "scala.collection",
            "scala.collection.generic",
            "scala.collection.immutable",
            "scala.collection.mutable",
            "scala.concurrent.duration",
            "scala.math",
            "scala.runtime",
            "scala.util",
            "scala.util.matching");
    private static final Set<String> GROOVY = Set.of(
            "groovy.lang.EmptyRange",
            "groovy.lang.GString",
            "groovy.lang.GroovyObjectSupport",
            "groovy.lang.IntRange",
            "groovy.lang.NumberRange",
            "groovy.lang.ObjectRange",
            "org.codehaus.groovy.runtime.GStringImpl");
    private static final String GROOVY_TUPLE = "groovy.lang.Tuple";

    private LanguageValues() {}

    static boolean contains(Class<?> type) {
        String name = type.getName();
        return PACKAGES.contains(type.getPackageName()) || GROOVY.contains(name) || name.startsWith(GROOVY_TUPLE);
    }
}
