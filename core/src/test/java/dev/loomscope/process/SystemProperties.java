package dev.loomscope.process;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Changes system properties of this JVM for the length of one test. */
final class SystemProperties implements AfterEachCallback {

    private final Map<String, String> before = new HashMap<>();

    void set(String name, Object value) {
        before.putIfAbsent(name, System.getProperty(name));
        System.setProperty(name, value.toString());
    }

    void restore(String name) {
        System.setProperty(name, before.get(name));
    }

    @Override
    public void afterEach(ExtensionContext test) {
        before.keySet().forEach(this::restore);
    }
}
