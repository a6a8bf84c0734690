package dev.loomscope.process;

import java.io.DataInputStream;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TimeZone;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The settings of the parent, in a worker: what {@link ParentWorld} wrote. They are established before each task, whatever the task
 * before has changed, which takes less than a microsecond if it has changed nothing.
 *
 * <p>For the thread that runs the init, then for the task thread.
 */
final class WorkerWorld {

    // Those that this JVM has by itself: the parent has others, or none.
    private static @Nullable Set<String> ownNames; // set once, before the first task

    private final Payload bytes;
    private @Nullable Settings settings; // set when first established

    WorkerWorld(Payload bytes) {
        this.bytes = bytes;
    }

    /**
     * Makes these the settings of this JVM.
     *
     * @throws IOException if they cannot be read, as a time zone of a class that is not here
     */
    void establish() throws IOException, ClassNotFoundException {
        Settings read = settings;
        if (read == null) {
            read = new Settings(new DataInputStream(bytes.toInputStream()));
            settings = read;
        }
        read.establish();
    }

    /** One of the default locales, made when it is needed: in most workers it is there from the start. */
    private static final class DefaultLocale {

        private final String language;
        private final String country;
        private final byte[] serialized; // empty if there is nothing but a language and a country
        private @Nullable Locale made;

        DefaultLocale(DataInputStream in) throws IOException {
            this.language = WorldBytes.read(in);
            this.country = WorldBytes.read(in);
            this.serialized = WorldBytes.readBytes(in);
        }

        boolean is(Locale locale) throws IOException, ClassNotFoundException {
            if (serialized.length > 0) {
                return locale.equals(make());
            }
            return locale.getLanguage().equals(language)
                    && locale.getCountry().equals(country)
                    && ParentWorld.isSimple(locale);
        }

        Locale make() throws IOException, ClassNotFoundException {
            Locale locale = made;
            if (locale == null) {
                locale = serialized.length > 0
                        ? (Locale) Objects.requireNonNull(WorldBytes.deserialize(serialized))
                        : Locale.of(language, country);
                made = locale;
            }
            return locale;
        }
    }

    /** The default time zone. */
    private static final class DefaultTimeZone {

        private final boolean byProperty;
        private final String id;
        private final byte[] serialized; // empty if the JDK knows it by its id
        private @Nullable TimeZone made;

        DefaultTimeZone(DataInputStream in) throws IOException {
            this.byProperty = in.readBoolean();
            this.id = WorldBytes.read(in);
            this.serialized = WorldBytes.readBytes(in);
        }

        // To ask for the present one would make it, which takes 10 ms that most workers need not spend.
        void establish() throws IOException, ClassNotFoundException {
            if (byProperty) {
                TimeZone.setDefault(null); // that of the property 'user.timezone', when somebody asks
            } else if (!TimeZone.getDefault().equals(make())) {
                TimeZone.setDefault(make());
            }
        }

        private TimeZone make() throws IOException, ClassNotFoundException {
            TimeZone zone = made;
            if (zone == null) {
                zone = serialized.length > 0
                        ? (TimeZone) Objects.requireNonNull(WorldBytes.deserialize(serialized))
                        : TimeZone.getTimeZone(id);
                made = zone;
            }
            return zone;
        }
    }

    private static final class Settings {

        private final @Nullable DefaultTimeZone timeZone;
        private final @Nullable DefaultLocale locale; // as the next two: null if it is the worker's own business
        private final @Nullable DefaultLocale display;
        private final @Nullable DefaultLocale format;
        private final boolean followsAssertions;
        private final boolean assertions;
        private final List<String> names;
        private final @Nullable String[] values; // of 'names'
        private final List<String> prefixes;
        private List<String> others = List.of(); // names with such a beginning that are the worker's own business
        private final Map<String, String> found = new TreeMap<>(); // with such a beginning

        Settings(DataInputStream in) throws IOException {
            this.timeZone = in.readBoolean() ? new DefaultTimeZone(in) : null;
            boolean locales = in.readBoolean();
            this.locale = locales ? new DefaultLocale(in) : null;
            this.display = locales ? new DefaultLocale(in) : null;
            this.format = locales ? new DefaultLocale(in) : null;
            this.followsAssertions = in.readBoolean();
            this.assertions = in.readBoolean();
            this.names = WorldBytes.readList(in);
            this.values = new String[names.size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = WorldBytes.readNullable(in);
            }
            this.prefixes = WorldBytes.readList(in);
            if (!prefixes.isEmpty()) {
                readFound(in);
            }
        }

        private void readFound(DataInputStream in) throws IOException {
            others = WorldBytes.readList(in);
            for (int left = in.readInt(); left > 0; left--) {
                found.put(WorldBytes.read(in), WorldBytes.read(in));
            }
        }

        // The properties first: the others may be read from them.
        void establish() throws IOException, ClassNotFoundException {
            establishProperties();
            if (!prefixes.isEmpty()) {
                establishFound();
            }
            if (timeZone != null) {
                timeZone.establish();
            }
            if (locale != null && display != null && format != null) {
                establishLocales(locale, display, format);
            }
            if (followsAssertions && assertions != WorkerWorld.class.desiredAssertionStatus()) {
                establishAssertions();
            }
        }

        private void establishProperties() {
            for (int i = 0; i < values.length; i++) {
                String name = names.get(i);
                if (!Objects.equals(values[i], System.getProperty(name))) {
                    if (name.equals(TemporaryFolder.PROPERTY)) {
                        TemporaryFolder.fix(); // before: the JDK's own is that of the start
                    }
                    CarriedProperties.set(name, values[i]);
                }
            }
        }

        private void establishFound() {
            Set<String> own = ownNames;
            if (own == null) {
                own = new HashSet<>(System.getProperties().stringPropertyNames());
                ownNames = own;
            }
            for (String present : CarriedProperties.find(prefixes, others).keySet()) {
                if (!found.containsKey(present) && !own.contains(present)) {
                    CarriedProperties.set(present, null);
                }
            }
            for (Map.Entry<String, String> entry : found.entrySet()) {
                if (!entry.getValue().equals(System.getProperty(entry.getKey()))) {
                    CarriedProperties.set(entry.getKey(), entry.getValue());
                }
            }
        }

        private static void establishLocales(DefaultLocale locale, DefaultLocale display, DefaultLocale format)
                throws IOException, ClassNotFoundException {
            if (!locale.is(Locale.getDefault())) {
                Locale.setDefault(locale.make()); // of all categories
            }
            if (!display.is(Locale.getDefault(Locale.Category.DISPLAY))) {
                Locale.setDefault(Locale.Category.DISPLAY, display.make());
            }
            if (!format.is(Locale.getDefault(Locale.Category.FORMAT))) {
                Locale.setDefault(Locale.Category.FORMAT, format.make());
            }
        }

        // For classes that are initialized from now on, as in the parent.
        private void establishAssertions() {
            for (ClassLoader next = WorkerWorld.class.getClassLoader(); next != null; next = next.getParent()) {
                next.setDefaultAssertionStatus(assertions);
            }
        }
    }
}
