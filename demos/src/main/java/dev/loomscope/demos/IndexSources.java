package dev.loomscope.demos;

import static dev.loomscope.core.TaskKind.BLOCKING;

import dev.loomscope.MixedScope;
import dev.loomscope.core.Blocking;
import dev.loomscope.core.Cpu;
import dev.loomscope.core.Io;
import dev.loomscope.demos.SourceIndex.Entry;
import dev.loomscope.demos.SourceIndex.Hit;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * Indexes the Java files of a folder: IO reads them, CPU counts their identifiers in worker processes, BLOCKING writes what was
 * found to a database.
 *
 * <p>Argument: the folder; without one, this project's own.
 */
public final class IndexSources {

    // Enough text for a task to be worth the way to a worker: some milliseconds of parsing.
    private static final long BATCH_BYTES = 48 * 1024;

    private IndexSources() {}

    /** A file on its way to a worker. */
    private record Source(String file, String text) implements java.io.Serializable {}

    /** Runs the demo. */
    public static void main(String[] args) {
        Program.run(IndexSources.class, () -> tell(args.length == 0 ? ProjectTree.root() : Path.of(args[0])));
    }

    private static void tell(Path folder) throws Exception {
        if (!Files.isDirectory(folder)) {
            throw new UsageException("%s is no folder; say which folder of Java files to index".formatted(folder));
        }
        List<List<Path>> batches = batches(ProjectTree.javaFiles(folder));
        int files = batches.stream().mapToInt(List::size).sum();
        if (files == 0) {
            throw new UsageException("there is no Java file in " + folder);
        }
        System.out.printf("Indexing %d Java files of %s in %d batches%n", files, folder, batches.size());
        long start = System.nanoTime();
        try (SourceIndex index = SourceIndex.create()) {
            index(folder, batches, index, new ProgressBar("files", files));
            long took = (System.nanoTime() - start) / 1_000_000;
            print("Top identifiers", index.topIdentifiers(10), "uses");
            print("Biggest files", index.biggestFiles(5), "bytes");
            List<Hit> totals = index.totals();
            System.out.printf(
                    "%nIndexed %d files, %,d uses of %,d identifiers, in %d ms%n",
                    files, totals.get(0).count(), totals.get(1).count(), took);
        }
    }

    /** The story: three steps of three kinds for each batch; none waits for a batch that is not its own. */
    private static void index(Path folder, List<List<Path>> batches, SourceIndex index, ProgressBar progress)
            throws Exception {
        // One connection, one writer: the others wait in line, without a thread.
        try (var scope = MixedScope.open(c -> c.withMaxConcurrent(BLOCKING, 1))) {
            for (List<Path> batch : batches) {
                scope.fork(() -> read(folder, batch))
                        .then(IndexSources::parse)
                        .then(entries -> write(index, entries, progress));
            }
            scope.join();
        }
    }

    @Io
    private static List<Source> read(Path folder, List<Path> batch) throws IOException {
        List<Source> sources = new ArrayList<>();
        for (Path file : batch) {
            // Not readString, which throws on a byte that is not UTF-8.
            String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
            sources.add(new Source(folder.relativize(file).toString(), text));
        }
        return sources;
    }

    @Cpu
    private static List<Entry> parse(List<Source> sources) {
        List<Entry> entries = new ArrayList<>();
        for (Source source : sources) {
            long bytes = source.text().getBytes(StandardCharsets.UTF_8).length;
            entries.add(new Entry(source.file(), bytes, IdentifierCounter.count(source.text())));
        }
        return entries;
    }

    @Blocking
    private static int write(SourceIndex index, List<Entry> entries, ProgressBar progress) throws SQLException {
        index.add(entries);
        progress.advance(entries.size());
        return entries.size();
    }

    private static List<List<Path>> batches(List<Path> files) throws IOException {
        List<List<Path>> batches = new ArrayList<>();
        long room = 0;
        for (Path file : files) {
            if (room <= 0) {
                batches.add(new ArrayList<>());
                room = BATCH_BYTES;
            }
            batches.get(batches.size() - 1).add(file);
            room -= Files.size(file);
        }
        return batches;
    }

    private static void print(String title, List<Hit> hits, String unit) {
        System.out.printf("%n%s%n", title);
        hits.forEach(hit -> System.out.printf("  %-80s %,9d %s%n", Terminal.fit(hit.name(), 80), hit.count(), unit));
    }
}
