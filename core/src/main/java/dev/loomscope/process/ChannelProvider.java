package dev.loomscope.process;

import java.nio.channels.spi.SelectorProvider;

/**
 * Makes the channels of a worker those of its parent. To find out by itself whose they are, a JVM looks for a service, and opens
 * all jars of its class path for it: a good part of the time that a worker takes to start.
 */
final class ChannelProvider {

    private static final String PROPERTY = "java.nio.channels.spi.SelectorProvider";

    private ChannelProvider() {}

    /** The name of the one that this JVM has, if it is the JDK's own; or else empty. */
    static String ofThisJvm() {
        Class<?> provider = SelectorProvider.provider().getClass();
        return provider.getModule() == Object.class.getModule() ? provider.getName() : "";
    }

    /** Has this JVM use that one; before its first channel. Leaves no trace in its properties. */
    static void use(String name) {
        if (name.isEmpty() || System.getProperty(PROPERTY) != null) {
            return;
        }
        System.setProperty(PROPERTY, name);
        try {
            SelectorProvider.provider();
        } finally {
            System.clearProperty(PROPERTY);
        }
    }
}
