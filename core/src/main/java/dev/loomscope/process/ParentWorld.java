package dev.loomscope.process;

import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TimeZone;
import org.jspecify.annotations.Nullable;

/**
 * The settings of this JVM that change what the same line of code does: the default time zone, the default locale, the default
 * assertion status and some system properties, as they are at a fork. {@link WorkerWorld} is the other end. Immutable.
 */
final class ParentWorld {

    private final WorldAspects aspects;
    private final TimeZone timeZone;
    private final Locale locale;
    private final Locale display;
    private final Locale format;
    private final boolean assertions;
    private final @Nullable String[] values; // of aspects.names()
    private final Map<String, String> found; // with aspects.prefixes()
    private final Payload bytes;

    private ParentWorld(WorldAspects aspects) {
        this.aspects = aspects;
        this.timeZone = TimeZone.getDefault(); // first: it may set a property
        this.locale = Locale.getDefault();
        this.display = Locale.getDefault(Locale.Category.DISPLAY);
        this.format = Locale.getDefault(Locale.Category.FORMAT);
        this.assertions = assertionStatus();
        List<String> names = aspects.names();
        this.values = new String[names.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = System.getProperty(names.get(i));
        }
        this.found = find(aspects);
        this.bytes = encode();
    }

    /**
     * Returns the present settings.
     *
     * @throws IllegalStateException if the default time zone is of a class that cannot be sent to a worker
     */
    static ParentWorld capture(WorldAspects aspects) {
        return new ParentWorld(aspects);
    }

    /** Whether nothing has changed since. Called at each fork. */
    boolean isCurrent() {
        return timeZone.equals(TimeZone.getDefault())
                && locale.equals(Locale.getDefault())
                && display.equals(Locale.getDefault(Locale.Category.DISPLAY))
                && format.equals(Locale.getDefault(Locale.Category.FORMAT))
                && assertions == assertionStatus()
                && hasSameValues()
                && (aspects.prefixes().isEmpty() || found.equals(find(aspects)));
    }

    private boolean hasSameValues() {
        List<String> names = aspects.names();
        for (int i = 0; i < values.length; i++) {
            if (!Objects.equals(values[i], System.getProperty(names.get(i)))) {
                return false;
            }
        }
        return true;
    }

    // The classes of tasks have the loader of this one, or one above it.
    private static boolean assertionStatus() {
        return ParentWorld.class.desiredAssertionStatus();
    }

    private static Map<String, String> find(WorldAspects aspects) {
        return aspects.prefixes().isEmpty() ? Map.of() : CarriedProperties.find(aspects.prefixes(), aspects.others());
    }

    /** Returns the frames that tell a worker. */
    List<Frame> toFrames() {
        return bytes.toFrames(Frame.Type.WORLD, 0);
    }

    /** Returns what the frames hold. */
    Payload toPayload() {
        return bytes;
    }

    private Payload encode() {
        Payload.Sink sink = new Payload.Sink();
        try {
            DataOutputStream out = new DataOutputStream(sink);
            out.writeBoolean(aspects.timeZone());
            if (aspects.timeZone()) {
                writeTimeZone(out);
            }
            out.writeBoolean(aspects.locale());
            if (aspects.locale()) {
                writeLocale(locale, out);
                writeLocale(display, out);
                writeLocale(format, out);
            }
            out.writeBoolean(aspects.assertions());
            out.writeBoolean(assertions);
            WorldBytes.write(aspects.names(), out);
            for (String value : values) {
                WorldBytes.write(value, out);
            }
            writeFound(out);
        } catch (IOException e) {
            throw new UncheckedIOException("the settings of this JVM cannot be written", e); // not in memory
        }
        return sink.toPayload();
    }

    private void writeFound(DataOutputStream out) throws IOException {
        WorldBytes.write(aspects.prefixes(), out);
        if (!aspects.prefixes().isEmpty()) {
            WorldBytes.write(aspects.others(), out);
            out.writeInt(found.size());
            for (Map.Entry<String, String> entry : found.entrySet()) {
                WorldBytes.write(entry.getKey(), out);
                WorldBytes.write(entry.getValue(), out);
            }
        }
    }

    // With that id among the properties, a JVM finds it by itself when it first needs it, which takes some 10 ms.
    private void writeTimeZone(DataOutputStream out) throws IOException {
        String id = timeZone.getID();
        boolean known = timeZone.equals(TimeZone.getTimeZone(id));
        out.writeBoolean(known && id.equals(System.getProperty("user.timezone")) && isCarriedAs("user.timezone", id));
        WorldBytes.write(id, out);
        WorldBytes.write(known ? new byte[0] : serializeTimeZone(), out);
    }

    private boolean isCarriedAs(String name, String value) {
        int at = aspects.names().indexOf(name);
        return at >= 0 && value.equals(values[at]);
    }

    private byte[] serializeTimeZone() {
        try {
            return WorldBytes.serialize(timeZone);
        } catch (IOException e) {
            throw new IllegalStateException(
                    ("no CPU task can be forked: the default time zone '%s' of this JVM is a %s, which cannot be sent to a worker."
                                    + " Make that class Serializable with all that it holds, or choose the time zone of workers by"
                                    + " withJvmOptions(\"-Duser.timezone=...\").")
                            .formatted(timeZone.getID(), timeZone.getClass().getName()),
                    e);
        }
    }

    private static void writeLocale(Locale locale, DataOutputStream out) throws IOException {
        WorldBytes.write(locale.getLanguage(), out);
        WorldBytes.write(locale.getCountry(), out);
        WorldBytes.write(isSimple(locale) ? new byte[0] : WorldBytes.serialize(locale), out);
    }

    /** Whether a locale is a language and a country, or less. */
    static boolean isSimple(Locale locale) {
        return locale.getVariant().isEmpty() && locale.getScript().isEmpty() && !locale.hasExtensions();
    }

    /** The same settings, also if they were the present ones at different times. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ParentWorld world
                && aspects.equals(world.aspects)
                && timeZone.equals(world.timeZone)
                && locale.equals(world.locale)
                && display.equals(world.display)
                && format.equals(world.format)
                && assertions == world.assertions
                && Arrays.equals(values, world.values)
                && found.equals(world.found);
    }

    @Override
    public int hashCode() {
        return Objects.hash(locale, display, format, Arrays.hashCode(values));
    }

    /** Names no values of properties: they may be secret. */
    @Override
    public String toString() {
        return "ParentWorld[%s, %s, %s properties]".formatted(timeZone.getID(), locale, values.length + found.size());
    }
}
