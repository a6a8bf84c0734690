package dev.loomscope.demos;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The {@code --name value} arguments of a demo. */
final class Options {

    private final Map<String, String> values;

    private Options(Map<String, String> values) {
        this.values = values;
    }

    /**
     * Reads the arguments.
     *
     * @param known the names that are allowed, without dashes
     * @throws UsageException if there is anything else
     */
    static Options parse(List<String> arguments, List<String> known) {
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i < arguments.size(); i += 2) {
            String name = arguments.get(i);
            boolean valid = name.startsWith("--") && known.contains(name.substring(2)) && i + 1 < arguments.size();
            if (!valid) {
                throw new UsageException("'%s' is not understood; there are: --%s VALUE"
                        .formatted(name, String.join(" VALUE, --", known)));
            }
            values.put(name.substring(2), arguments.get(i + 1));
        }
        return new Options(values);
    }

    boolean has(String name) {
        return values.containsKey(name);
    }

    String text(String name, String otherwise) {
        return values.getOrDefault(name, otherwise);
    }

    /**
     * Returns the number given for {@code name}.
     *
     * @throws UsageException if it is not a number of at least 1
     */
    int number(String name, int otherwise) {
        String value = values.get(name);
        try {
            int number = value == null ? otherwise : Integer.parseInt(value);
            if (number >= 1) {
                return number;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new UsageException("--%s takes a number of at least 1, not '%s'".formatted(name, value));
    }
}
