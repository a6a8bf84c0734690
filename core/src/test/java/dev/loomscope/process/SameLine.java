package dev.loomscope.process;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.DateFormat;
import java.text.NumberFormat;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.Date;
import java.util.Locale;
import java.util.TimeZone;
import java.util.TreeMap;

/** Lines of code that depend on the settings of their JVM, and what they give. */
final class SameLine {

    private static final String[] PROPERTIES = {
        "java.io.tmpdir",
        "user.dir",
        "user.home",
        "user.name",
        "user.timezone",
        "user.language",
        "user.script",
        "user.country",
        "user.variant",
        "line.separator",
        "file.encoding",
        "native.encoding",
        "sun.jnu.encoding"
    };

    private SameLine() {}

    static TreeMap<String, String> give() throws IOException {
        TreeMap<String, String> given = new TreeMap<>();
        given.put("time zone", String.valueOf(TimeZone.getDefault()));
        given.put("zone id", zoneId());
        given.put("date", DateFormat.getDateTimeInstance().format(new Date(0)));
        given.put("offset", String.valueOf(TimeZone.getDefault().getOffset(0)));
        given.put("locale", Locale.getDefault().toString() + Locale.getDefault().toLanguageTag());
        given.put("display locale", Locale.getDefault(Locale.Category.DISPLAY).toLanguageTag());
        given.put("format locale", Locale.getDefault(Locale.Category.FORMAT).toLanguageTag());
        given.put("%,.2f %d", "%,.2f %d".formatted(1234.5, 42));
        given.put("number format", NumberFormat.getInstance().format(1234.5));
        given.put("upper case", "title".toUpperCase());
        given.put("display name", Locale.CHINA.getDisplayName());
        given.put("charset", Charset.defaultCharset().name());
        given.put("bytes", java.util.Arrays.toString("ä€".getBytes()));
        given.put("line separator", System.lineSeparator());
        given.put("%n", "%n".formatted());
        StringWriter writer = new StringWriter();
        new java.io.PrintWriter(writer).println();
        given.put("println", writer.toString());
        given.put("path", Path.of("some").toAbsolutePath().toString());
        given.put("file", new File("some").getAbsolutePath());
        given.put("temporary file", folderOf(File.createTempFile("same", null).toPath()));
        given.put("temporary path", folderOf(Files.createTempFile("same", null)));
        given.put("reader", String.valueOf(new String(new byte[] {(byte) 0xc3}, StandardCharsets.UTF_8)));
        for (String property : PROPERTIES) {
            given.put("property " + property, String.valueOf(System.getProperty(property)));
        }
        return given;
    }

    private static String zoneId() {
        try {
            return ZoneId.systemDefault().getId();
        } catch (DateTimeException e) {
            return String.valueOf(e.getMessage());
        }
    }

    private static String folderOf(Path file) throws IOException {
        Files.delete(file);
        return String.valueOf(file.getParent());
    }
}
