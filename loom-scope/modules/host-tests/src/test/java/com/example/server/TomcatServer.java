package com.example.server;

import java.io.File;
import java.io.InputStream;
import java.lang.ref.WeakReference;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.catalina.Container;
import org.apache.catalina.Context;
import org.apache.catalina.Host;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.core.StandardHost;
import org.apache.catalina.startup.HostConfig;
import org.apache.catalina.startup.Tomcat;

/**
 * Tomcat with its own deployer: a WAR that is copied into its folder is deployed, and undeployed when it is removed. Arguments: the
 * base folder, the WAR, how many times it is deployed, and "leave" if the last one stays deployed at the exit.
 */
public final class TomcatServer {

    private static final long PATIENCE_NANOS = 20_000_000_000L;

    private final Tomcat tomcat = new Tomcat();
    private final Path base;
    private final List<WeakReference<ClassLoader>> loaders = new ArrayList<>();

    private TomcatServer(Path base) {
        this.base = base;
    }

    public static void main(String[] arguments) throws Exception {
        TomcatServer server = new TomcatServer(Path.of(arguments[0]));
        try {
            server.run(Path.of(arguments[1]), Integer.parseInt(arguments[2]), arguments.length > 3);
        } catch (Throwable e) {
            e.printStackTrace();
        }
        System.exit(0);
    }

    private void run(Path war, int rounds, boolean leave) throws Exception {
        start();
        for (int round = 1; round <= rounds; round++) {
            deploy(war);
            System.out.println("round " + round + ": " + get("/app/run"));
            if (!leave || round < rounds) {
                undeploy();
            }
        }
        System.out.println("loaders left: " + countLoaders(leave ? 1 : 0));
    }

    private void start() throws Exception {
        Files.createDirectories(base.resolve("webapps"));
        tomcat.setBaseDir(base.toString());
        tomcat.setPort(0);
        tomcat.getConnector();
        Host host = tomcat.getHost();
        ((StandardHost) host).setUnpackWARs(true);
        host.addLifecycleListener(new HostConfig());
        tomcat.start();
        Runtime.getRuntime().addShutdownHook(new Thread(this::stop)); // as the script of Tomcat does
    }

    private void stop() {
        try {
            tomcat.stop();
        } catch (LifecycleException e) {
            throw new IllegalStateException(e);
        }
    }

    private void deploy(Path war) throws Exception {
        Files.copy(war, base.resolve("webapps/app.war"));
        tomcat.getHost().backgroundProcess();
        Container app = tomcat.getHost().findChild("/app");
        loaders.add(new WeakReference<>(((Context) app).getLoader().getClassLoader()));
    }

    private void undeploy() throws Exception {
        Files.delete(base.resolve("webapps/app.war"));
        tomcat.getHost().backgroundProcess();
        if (tomcat.getHost().findChild("/app") != null || new File(base.toFile(), "webapps/app").exists()) {
            throw new AssertionError("it is still deployed");
        }
    }

    private String get(String path) throws Exception {
        URI uri = URI.create("http://localhost:" + tomcat.getConnector().getLocalPort() + path);
        try (InputStream body = uri.toURL().openStream()) {
            return new String(body.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    // Those that are not collected in time.
    private long countLoaders(int expected) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE_NANOS;
        long left = loaders.size();
        while (left > expected && System.nanoTime() < end) {
            System.gc();
            Thread.sleep(100);
            left = loaders.stream().filter(loader -> loader.get() != null).count();
        }
        return left;
    }
}
