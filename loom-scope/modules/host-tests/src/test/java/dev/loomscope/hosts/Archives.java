package dev.loomscope.hosts;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Makes the archives that hosts deploy. */
final class Archives {

    private Archives() {}

    /** Returns the jar or folder that a class is from. */
    static Path placeOf(Class<?> type) {
        try {
            return Path.of(
                    type.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(type.getName(), e);
        }
    }

    /** Makes a WAR of the classes of a package and of the libraries that these classes are from. */
    static Path war(Path file, Package classes, List<Class<?>> libraries) throws IOException {
        try (ZipOutputStream war = new ZipOutputStream(Files.newOutputStream(file))) {
            addClasses(war, "WEB-INF/classes/", classes);
            for (Class<?> library : libraries) {
                Path place = placeOf(library);
                String name = Files.isDirectory(place) ? library.getName() + ".jar" : place.getFileName() + "";
                war.putNextEntry(new ZipEntry("WEB-INF/lib/" + name));
                writeJar(place, war);
            }
        }
        return file;
    }

    /** Copies the classes of a package, which are in a folder of this build, below another folder. */
    static Path copyClasses(Path target, Class<?> one) throws IOException {
        String path = one.getPackageName().replace('.', '/');
        Files.createDirectories(target.resolve(path));
        try (Stream<Path> files = Files.list(placeOf(one).resolve(path))) {
            for (Path file : files.toList()) {
                Files.copy(file, target.resolve(path).resolve(file.getFileName()));
            }
        }
        return target;
    }

    private static void addClasses(ZipOutputStream zip, String prefix, Package classes) throws IOException {
        String path = classes.getName().replace('.', '/');
        try (Stream<Path> files = Files.list(placeOf(Archives.class).resolve(path))) {
            for (Path file : files.toList()) {
                zip.putNextEntry(new ZipEntry(prefix + path + "/" + file.getFileName()));
                Files.copy(file, zip);
            }
        }
    }

    // A development build may have folders of classes instead of jars.
    private static void writeJar(Path place, OutputStream out) throws IOException {
        if (Files.isRegularFile(place)) {
            Files.copy(place, out);
            return;
        }
        ZipOutputStream jar = new ZipOutputStream(out); // not closed: it is inside another one
        try (Stream<Path> files = Files.walk(place)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                jar.putNextEntry(new ZipEntry(place.relativize(file).toString()));
                Files.copy(file, jar);
            }
        }
        jar.finish();
    }
}
