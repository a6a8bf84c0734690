package dev.loomscope.demos;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Finds real files for the demos to work on. */
final class ProjectTree {

    private ProjectTree() {}

    /** This project's folder, looked for upwards from the working directory; the working directory itself if it is not there. */
    static Path root() {
        Path start = Path.of("").toAbsolutePath();
        for (Path folder = start; folder != null; folder = folder.getParent()) {
            if (Files.exists(folder.resolve("pom.xml")) && Files.isDirectory(folder.resolve("loom-scope"))) {
                return folder;
            }
        }
        return start;
    }

    /**
     * Returns a real document: this project's README, its licence, or the licence of the JDK.
     *
     * @throws IOException if there is none of them
     */
    static Path document() throws IOException {
        Path root = root();
        Path legal = Path.of(System.getProperty("java.home"), "legal", "java.base");
        return Stream.of(root.resolve("README.md"), root.resolve("LICENSE"), legal.resolve("LICENSE"))
                .filter(Files::isReadable)
                .findFirst()
                .orElseThrow(() -> new IOException("no document to serve in %s or %s".formatted(root, legal)));
    }

    /** Every Java source file below {@code folder}, but for hidden folders and build output, in a stable order. */
    static List<Path> javaFiles(Path folder) throws IOException {
        List<Path> found = new ArrayList<>();
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path visited, BasicFileAttributes attributes) {
                String name =
                        visited.equals(folder) ? "" : visited.getFileName().toString();
                boolean skipped = name.startsWith(".") || name.equals("target");
                return skipped ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (attributes.isRegularFile() && file.toString().endsWith(".java")) {
                    found.add(file);
                }
                return FileVisitResult.CONTINUE;
            }
        });
        found.sort(null);
        return found;
    }
}
