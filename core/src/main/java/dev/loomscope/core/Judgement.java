package dev.loomscope.core;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The outcome of an inspection.
 *
 * @param known what {@link TaskVerdicts} keeps: a verdict, or the way to the parts that decide
 * @param warning what the user should know about code that could not be inspected; null if there is nothing to say
 */
record Judgement(Object known, @Nullable String warning) {

    static Judgement of(@Nullable TaskKind kind) {
        return of(kind == null ? TaskVerdicts.NOTHING : kind.name());
    }

    static Judgement of(String verdict) {
        return new Judgement(verdict, null);
    }

    /** The functions in these fields decide; without fields, nothing does. */
    static Judgement ofFields(List<Field> fields) {
        if (fields.isEmpty()) {
            return of(TaskVerdicts.NOTHING);
        }
        List<Object> known = new ArrayList<>(fields.size() + 1);
        known.add(TaskVerdicts.NOTHING);
        known.addAll(fields);
        return new Judgement(known.toArray(), null);
    }

    Judgement withWarning(@Nullable String text) {
        return new Judgement(known, text);
    }
}
