package dev.loomscope.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Objects;
import java.util.Optional;

/** Programs of other languages that do the same: Python's pools and a C program, from our resources. */
final class OtherLanguages {

    static final String NO_PYTHON = "python3 with concurrent.futures and multiprocessing is not here";
    static final String NO_C = "no C compiler: neither cc nor gcc is here";

    private OtherLanguages() {}

    /** The script with these arguments, if Python is here. */
    static Optional<Program> python(String... arguments) {
        if (!Program.isThere("python3", "-c", "import concurrent.futures, multiprocessing")) {
            return Optional.empty();
        }
        String[] command = new String[arguments.length + 2];
        command[0] = "python3";
        command[1] = unpacked("pools.py").toString();
        System.arraycopy(arguments, 0, command, 2, arguments.length);
        return Optional.of(Program.of(command));
    }

    /** The ping-pong in C, compiled with optimisation, if a compiler is here. */
    static Optional<Program> pingPongInC(int samples) {
        for (String compiler : new String[] {"cc", "gcc"}) {
            Path source = unpacked("pingpong.c");
            Path binary = source.resolveSibling("pingpong");
            if (Program.isThere(compiler, "--version")
                    && Program.isThere(compiler, "-O2", "-o", binary.toString(), source.toString())) {
                binary.toFile().deleteOnExit();
                return Optional.of(Program.of(binary.toString(), String.valueOf(samples)));
            }
        }
        return Optional.empty();
    }

    private static Path unpacked(String resource) {
        try (InputStream in = Objects.requireNonNull(OtherLanguages.class.getResourceAsStream(resource), resource)) {
            Path folder = Files.createTempDirectory("bench");
            folder.toFile().deleteOnExit(); // in the order opposite to this one: the files come first
            Path file = folder.resolve(resource);
            Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
            file.toFile().deleteOnExit();
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
