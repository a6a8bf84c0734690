package dev.loomscope.core;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Set;

/** The order in which a class and what it inherits from are asked: itself, its superclasses, all interfaces. */
final class Supertypes {

    private Supertypes() {}

    static Set<Class<?>> of(Class<?> type) {
        var order = new LinkedHashSet<Class<?>>();
        for (Class<?> each = type; each != null; each = each.getSuperclass()) {
            order.add(each);
        }
        var rest = new ArrayDeque<>(order); // breadth first: nearer interfaces before farther ones
        while (!rest.isEmpty()) {
            for (Class<?> each : rest.remove().getInterfaces()) {
                if (order.add(each)) {
                    rest.add(each);
                }
            }
        }
        return Collections.unmodifiableSet(order);
    }
}
