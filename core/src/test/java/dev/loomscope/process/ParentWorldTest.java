package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Programs that are started in all the ways there are: their workers find the same classes, with the same rights. */
class ParentWorldTest {

    private static final String WHERE =
            "Main.class.getModule() + \" in \" + Thread.currentThread().getContextClassLoader().getClass().getSimpleName()";

    @TempDir
    Path folder;

    private TinyApp app() {
        return new TinyApp(folder);
    }

    @Test
    void aProgramInClassFoldersByRelativePathsAndTheCurrentFolder() throws Exception {
        app().compile(".", "\"here\"");
        String libraries = String.join(":", TinyApp.libraries());

        assertThat(app().java("-cp", libraries + ":", "app.Main")).containsExactly("here", "here");
        assertThat(app().java("-cp", libraries + ":./nothing:../" + folder.getFileName(), "app.Main"))
                .containsExactly("here", "here");
    }

    @Test
    void aClassPathOf200KilobytesWithBlanksQuotesAndLettersOfAllKinds() throws Exception {
        assumeTrue(
                Charset.forName(System.getProperty("sun.jnu.encoding"))
                        .newEncoder()
                        .canEncode("ä名"),
                "the locale has no such letters: run this with LC_ALL=C.UTF-8");
        Path odd = Files.createDirectories(folder.resolve("it's an \"odd\" #näme\\n 名 {0} %p"));
        Path classes = app().compile(odd.getFileName() + "/classes", "\"odd\"");
        List<String> entries = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            entries.add(odd + "/" + "x".repeat(140) + i);
        }
        String classPath = String.join(":", entries) + ":" + TinyApp.classPath(classes);
        assertThat(classPath.length()).isGreaterThan(200_000);
        Path arguments = folder.resolve("arguments");
        Files.writeString(
                arguments, "-cp\n\"" + classPath.replace("\\", "\\\\").replace("\"", "\\\"") + "\"\napp.Main\n");

        String output =
                app().run(Map.of("LC_ALL", "C.UTF-8"), TinyApp.javaCommand("-Djava.io.tmpdir=" + odd, "@" + arguments));

        assertThat(TinyApp.said(output)).containsExactly("odd", "odd");
    }

    /** As Surefire and IDEs pass on a long class path. */
    @Test
    void aJarThatIsNothingButAClassPath() throws Exception {
        Path classes = app().compile("with blanks", "\"from its manifest\"");
        StringBuilder urls = new StringBuilder(classes.toUri().toString());
        TinyApp.libraries()
                .forEach(library -> urls.append(' ').append(Path.of(library).toUri()));
        Path booter = app().jar(
                        "booter.jar",
                        Files.createDirectory(folder.resolve("empty")),
                        Map.of("Class-Path", urls.toString(), "Main-Class", "app.Main"));

        assertThat(app().java("-jar", booter.toString())).containsExactly("from its manifest", "from its manifest");
        assertThat(app().java("-cp", booter.toString(), "app.Main")).hasSize(2).allMatch("from its manifest"::equals);
    }

    @Test
    void aProgramOnTheModulePath() throws Exception {
        Path modules =
                modules("module app { requires dev.loomscope.core; requires org.slf4j; requires org.objectweb.asm; }");

        assertThat(app().java("-p", modules.toString(), "-m", "app/app.Main"))
                .containsExactly("module app in AppClassLoader", "module app in AppClassLoader");
    }

    @Test
    void aModulePathOnWhichOthersLieThatCannotBeTogether() throws Exception {
        Path modules =
                modules("module app { requires dev.loomscope.core; requires org.slf4j; requires org.objectweb.asm; }");
        for (String name : List.of("left", "right")) {
            app().compile(
                            modules.getFileName() + "/" + name,
                            Map.of(
                                    name + "/module-info.java",
                                    "module " + name + " { exports twice; }",
                                    name + "/twice/Twice.java",
                                    "package twice; public class Twice {}"),
                            "--module-path",
                            modules.toString());
        }

        assertThat(app().java("-p", modules.toString(), "-m", "app/app.Main"))
                .hasSize(2)
                .allMatch("module app in AppClassLoader"::equals);
    }

    private Path modules(String descriptor) throws Exception {
        Path modules = Files.createDirectories(folder.resolve("modules"));
        for (Path jar : app().jars()) {
            Files.copy(jar, modules.resolve(jar.getFileName()));
        }
        app().compile(
                        "modules/app",
                        Map.of("module-info.java", descriptor, "app/Main.java", TinyApp.source(WHERE)),
                        "--module-path",
                        modules.toString());
        return modules;
    }

    @Test
    void aProgramWithPreviewFeatures() throws Exception {
        Path classes = app().compile(
                        "classes",
                        "\"preview\"",
                        "--enable-preview",
                        "--release",
                        String.valueOf(Runtime.version().feature()));

        assertThat(app().java("--enable-preview", "-cp", TinyApp.classPath(classes), "app.Main"))
                .containsExactly("preview", "preview");
    }

    @Test
    void aProgramThatOpensModulesOnItsCommandLine() throws Exception {
        Path classes = app().compile(
                        "classes", opens("java.base", "sun.security.x509", "java.net.http", "jdk.internal.net.http"));

        List<String> opened = app().java(
                        "--add-opens",
                        "java.base/sun.security.x509=ALL-UNNAMED",
                        "--add-exports=java.net.http/jdk.internal.net.http=ALL-UNNAMED",
                        "-cp",
                        TinyApp.classPath(classes),
                        "app.Main");

        assertThat(opened).containsExactly("true true", "true true");
    }

    @Test
    void aJarWhoseManifestOpensModules() throws Exception {
        Path classes = app().compile(
                        "classes", opens("java.base", "sun.security.x509", "java.net.http", "jdk.internal.net.http"));
        StringBuilder urls = new StringBuilder();
        TinyApp.libraries()
                .forEach(library -> urls.append(' ').append(Path.of(library).toUri()));
        Path jar = app().jar(
                        "opens.jar",
                        classes,
                        Map.of(
                                "Main-Class", "app.Main",
                                "Class-Path", urls.toString().strip(),
                                "Add-Opens", "java.base/sun.security.x509  java.base/sun.security.util",
                                "Add-Exports", "java.net.http/jdk.internal.net.http",
                                "Enable-Native-Access", "ALL-UNNAMED"));

        assertThat(app().java("-jar", jar.toString(), "an argument")).containsExactly("true true", "true true");
    }

    private static String opens(String module, String packageName, String other, String otherPackage) {
        return "ModuleLayer.boot().findModule(\"%s\").get().isOpen(\"%s\", Main.class.getModule()) + \" \" + ModuleLayer.boot().findModule(\"%s\").get().isExported(\"%s\", Main.class.getModule())"
                .formatted(module, packageName, other, otherPackage);
    }

    @Test
    void whatIsAppendedToTheBootClassPath() throws Exception {
        Path boot = app().compile("boot", Map.of("low/Level.java", "package low; public class Level {}"));
        Path classes = app().compile(
                        "classes",
                        "Class.forName(\"low.Level\").getName() + Class.forName(\"low.Level\").getClassLoader()");

        assertThat(app().java("-Xbootclasspath/a:" + boot, "-cp", TinyApp.classPath(classes), "app.Main"))
                .containsExactly("low.Levelnull", "low.Levelnull");
    }

    @Test
    void aRuntimeWithoutTheModuleThatTellsTheOptions() throws Exception {
        Path classes = app().compile("classes", "\"small\"");

        assertThat(app().java("--limit-modules", "java.base", "-cp", TinyApp.classPath(classes), "app.Main"))
                .containsExactly("small", "small");
    }

    /** As Maven's exec:java, and servers. */
    @Test
    void aProgramThatAClassLoaderOfAToolHasLoaded() throws Exception {
        Path classes = app().compile("with blanks", "Main.class.getName()");
        Path tool = app().compile("tool", Map.of("tool/Tool.java", """
                package tool;
                import java.net.*;
                import java.nio.file.Path;
                public class Tool {
                    public static void main(String[] args) throws Exception {
                        URL[] urls = new URL[args.length];
                        for (int i = 0; i < args.length; i++) {
                            urls[i] = Path.of(args[i]).toUri().toURL();
                        }
                        ClassLoader loader = new URLClassLoader(urls, ClassLoader.getPlatformClassLoader());
                        Thread.currentThread().setContextClassLoader(loader);
                        loader.loadClass("app.Main").getMethod("main", String[].class).invoke(null, (Object) new String[0]);
                    }
                }
                """));
        List<String> command = TinyApp.javaCommand("-cp", tool.toString(), "tool.Tool", classes.toString());
        command.addAll(TinyApp.libraries());

        assertThat(TinyApp.said(app().run(Map.of(), command))).containsExactly("app.Main", "app.Main");
    }

    @ParameterizedTest
    @ValueSource(strings = {"JarLauncher", "PropertiesLauncher"})
    void aNestedJarOfSpringBoot(String launcher) throws Exception {
        Path jar = springBootJar(launcher);

        List<String> said = app().java("-jar", jar.toString());

        assertThat(said).containsExactly("LaunchedClassLoader", "LaunchedClassLoader");
    }

    @Test
    void anUnpackedJarOfSpringBoot() throws Exception {
        Path unpacked = Files.createDirectory(folder.resolve("unpacked"));
        try (JarFile jar = new JarFile(springBootJar("JarLauncher").toFile())) {
            for (JarEntry entry : jar.stream().filter(e -> !e.isDirectory()).toList()) {
                Path file = unpacked.resolve(entry.getName());
                Files.createDirectories(file.getParent());
                Files.copy(jar.getInputStream(entry), file);
            }
        }

        List<String> said =
                app().java("-cp", unpacked.toString(), "org.springframework.boot.loader.launch.JarLauncher");

        assertThat(said).containsExactly("LaunchedClassLoader", "LaunchedClassLoader");
    }

    private Path springBootJar(String launcher) throws Exception {
        Path classes =
                app().compile("classes", "Thread.currentThread().getContextClassLoader().getClass().getSimpleName()");
        return springBootJar(app(), folder.resolve("spring boot.jar"), classes, launcher);
    }

    /** Makes a jar of Spring Boot with these classes and what they need. */
    static Path springBootJar(TinyApp app, Path file, Path classes, String launcher) throws Exception {
        Map<String, String> manifest = Map.of(
                "Main-Class", "org.springframework.boot.loader.launch." + launcher,
                "Start-Class", "app.Main",
                "Spring-Boot-Classes", "BOOT-INF/classes/",
                "Spring-Boot-Lib", "BOOT-INF/lib/");
        Class<?> loader = Class.forName("org.springframework.boot.loader.launch.JarLauncher");
        Path loaderJar = Path.of(
                loader.getProtectionDomain().getCodeSource().getLocation().toURI());
        try (JarOutputStream jar = new JarOutputStream(Files.newOutputStream(file), TinyApp.manifest(manifest));
                JarFile loaderClasses = new JarFile(loaderJar.toFile())) {
            for (JarEntry entry : loaderClasses.stream()
                    .filter(e -> !e.isDirectory() && !e.getName().endsWith("MANIFEST.MF"))
                    .toList()) {
                jar.putNextEntry(new JarEntry(entry.getName()));
                loaderClasses.getInputStream(entry).transferTo(jar);
            }
            jar.putNextEntry(new JarEntry("BOOT-INF/"));
            jar.putNextEntry(new JarEntry("BOOT-INF/classes/"));
            TinyApp.addTree(jar, "BOOT-INF/classes/", classes);
            jar.putNextEntry(new JarEntry("BOOT-INF/lib/"));
            for (Path library : app.jars()) {
                addStored(jar, "BOOT-INF/lib/" + library.getFileName(), Files.readAllBytes(library));
            }
        }
        return file;
    }

    private static void addStored(JarOutputStream jar, String name, byte[] bytes) throws Exception {
        CRC32 crc = new CRC32();
        crc.update(bytes);
        JarEntry entry = new JarEntry(name);
        entry.setMethod(JarEntry.STORED);
        entry.setSize(bytes.length);
        entry.setCrc(crc.getValue());
        jar.putNextEntry(entry);
        jar.write(bytes);
    }
}
