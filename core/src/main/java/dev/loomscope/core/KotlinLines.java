package dev.loomscope.core;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Says which class a line of a class file comes from. kotlinc gives the lines of inlined functions numbers of their own,
 * and explains these in the source map of JSR 45.
 */
record KotlinLines(List<Range> ranges) {
    static final KotlinLines NONE = new KotlinLines(List.of());

    private static final Pattern FILE = Pattern.compile("\\+ (\\d+) [^\\n]*\\n([^\\n]+)");
    private static final Pattern LINE = Pattern.compile("(?m)^(\\d+)(?:#(\\d+))?(?:,(\\d+))?:(\\d+)(?:,\\d+)?$");

    /** The lines from {@code first} to {@code last} are those of the class {@code owner}. */
    record Range(int first, int last, String owner) {}

    /** Reads a source map; what is not understood is left out. */
    static KotlinLines parse(@Nullable String map) {
        int begin = map == null ? -1 : map.indexOf("*S Kotlin\n");
        if (map == null || begin < 0) {
            return NONE;
        }
        int end = map.indexOf("*S ", begin + 1);
        String stratum = map.substring(begin, end < 0 ? map.length() : end);
        Map<String, String> owners = new HashMap<>();
        for (Matcher file = FILE.matcher(stratum); file.find(); ) {
            owners.put(file.group(1), file.group(2));
        }
        List<Range> ranges = new ArrayList<>();
        String id = "1"; // a line that names no file belongs to that of the line before
        for (Matcher line = LINE.matcher(stratum); line.find(); ) {
            id = line.group(2) == null ? id : line.group(2);
            int first = Integer.parseInt(line.group(4));
            int count = line.group(3) == null ? 1 : Integer.parseInt(line.group(3));
            String owner = owners.get(id);
            if (owner != null) {
                ranges.add(new Range(first, first + count - 1, owner));
            }
        }
        return new KotlinLines(ranges);
    }

    /** Returns the internal name of the class that a line comes from, {@code otherwise} if the map does not say. */
    String classAt(int line, String otherwise) {
        for (Range range : ranges) {
            if (line >= range.first() && line <= range.last()) {
                return range.owner();
            }
        }
        return otherwise;
    }
}
