package dev.loomscope.benchmarks;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Where and when a run was made: without this a number says nothing. */
final class Machine {

    private Machine() {}

    /** The facts by their names, in the order in which they are shown. */
    static Map<String, String> facts() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("date", DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(now()));
        facts.put("JDK", "%s (%s)".formatted(Runtime.version(), System.getProperty("java.vendor")));
        facts.put("processors", "%d x %s".formatted(Runtime.getRuntime().availableProcessors(), processor()));
        facts.put("memory", memory());
        facts.put("system", "%s %s".formatted(System.getProperty("os.name"), System.getProperty("os.version")));
        facts.put("load before", load());
        return facts;
    }

    private static ZonedDateTime now() {
        return ZonedDateTime.now(ZoneId.systemDefault()).truncatedTo(ChronoUnit.SECONDS);
    }

    private static String processor() {
        return valueIn(Path.of("/proc/cpuinfo"), "model name", System.getProperty("os.arch"));
    }

    private static String memory() {
        String kib = valueIn(Path.of("/proc/meminfo"), "MemTotal", "").replaceAll("\\D", "");
        return kib.isEmpty() ? "unknown" : String.format(Locale.ROOT, "%.1f GiB", Double.parseDouble(kib) / (1 << 20));
    }

    /** What else was going on: figures of a machine with a load are no figures. */
    private static String load() {
        double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
        return load < 0 ? "unknown" : String.format(Locale.ROOT, "%.2f in the last minute", load);
    }

    private static String valueIn(Path file, String key, String otherwise) {
        try {
            for (String line : Files.readAllLines(file)) {
                int colon = line.indexOf(':');
                if (colon > 0 && line.substring(0, colon).strip().equals(key)) {
                    return line.substring(colon + 1).strip();
                }
            }
        } catch (IOException e) {
            return otherwise; // no Linux
        }
        return otherwise;
    }
}
