package dev.loomscope.process;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Which settings of the parent the workers of a pool follow: all that there are, and the properties that the user names; without what
 * the user sets for workers by JVM options.
 *
 * @param timeZone whether they follow the default time zone
 * @param locale whether they follow the default locale, of all categories
 * @param assertions whether they follow the default assertion status
 * @param names the system properties that they follow
 * @param prefixes the beginnings of names of further ones
 * @param others names with such a beginning that they do not follow
 */
record WorldAspects(
        boolean timeZone,
        boolean locale,
        boolean assertions,
        List<String> names,
        List<String> prefixes,
        List<String> others) {

    private static final String[] OF_LOCALE = {
        "user.language", "user.script", "user.country", "user.variant", "user.extensions", "user.region"
    };
    private static final String[] OF_ASSERTIONS = {"-ea", "-enableassertions", "-da", "-disableassertions"};

    static WorldAspects of(ProcessPoolConfig config) {
        List<String> set = propertiesSetBy(config.jvmOptions());
        boolean locale = !setsLocale(set);
        List<String> names = new ArrayList<>();
        for (String name : CarriedProperties.ALWAYS) {
            if (!set.contains(name) && (locale || !isOfLocale(name))) {
                names.add(name);
            }
        }
        for (String name : CarriedProperties.exact(config.systemProperties())) {
            if (!set.contains(name) && !names.contains(name)) {
                names.add(name);
            }
        }
        List<String> others = new ArrayList<>(CarriedProperties.ALWAYS);
        others.addAll(names);
        others.addAll(set);
        return new WorldAspects(
                !set.contains("user.timezone"),
                locale,
                !setsAssertions(config.jvmOptions()),
                List.copyOf(names),
                List.copyOf(CarriedProperties.prefixes(config.systemProperties())),
                List.copyOf(others));
    }

    /** Returns the names of the properties that these options set. */
    static List<String> propertiesSetBy(List<String> options) {
        List<String> names = new ArrayList<>();
        for (String option : options) {
            if (option.startsWith("-D")) {
                int end = option.indexOf('=');
                names.add(option.substring(2, end < 0 ? option.length() : end));
            }
        }
        return names;
    }

    private static boolean setsLocale(List<String> properties) {
        return properties.stream().anyMatch(WorldAspects::isOfLocale);
    }

    private static boolean isOfLocale(String property) {
        for (String name : OF_LOCALE) {
            if (property.equals(name) || property.startsWith(name + ".")) {
                return true;
            }
        }
        return false;
    }

    private static boolean setsAssertions(List<String> options) {
        for (String option : options) {
            for (String name : OF_ASSERTIONS) {
                if (option.equals(name) || option.startsWith(name + ":")) {
                    return true;
                }
            }
        }
        return false;
    }

    // Not the one that the JDK makes for records: on JDK 25 a call of that keeps our class loader from being unloaded.
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof WorldAspects that
                && timeZone == that.timeZone
                && locale == that.locale
                && assertions == that.assertions
                && names.equals(that.names)
                && prefixes.equals(that.prefixes)
                && others.equals(that.others);
    }

    @Override
    public int hashCode() {
        return Objects.hash(timeZone, locale, assertions, names, prefixes, others);
    }
}
