package dev.loomscope.demos;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IndexSourcesTest {

    @TempDir
    Path temp;

    @Test
    void findsTheTopIdentifiersAndTheBiggestFiles() throws Exception {
        Path sources = Files.createDirectories(temp.resolve("sources/deep"));
        Files.writeString(sources.resolve("Big.java"), "class Big { int apple = pear + apple + apple; }");
        Files.writeString(sources.resolve("Small.java"), "class Small { int pear; }");
        Files.writeString(sources.resolve("notes.txt"), "apple apple apple apple apple");

        DemoProcess demo = DemoProcess.run(
                        IndexSources.class, temp, temp.resolve("sources").toString())
                .succeeded();

        assertThat(demo.out())
                .containsSubsequence("  100 %  2/2 files", "Top identifiers")
                .anyMatch(line -> line.matches("  apple +3 uses"))
                .anyMatch(line -> line.matches("  pear +2 uses"))
                .anyMatch(line -> line.matches("  deep/Big.java +47 bytes"))
                .anyMatch(line -> line.matches("  deep/Small.java +25 bytes"));
        assertThat(demo.lastLine()).startsWith("Indexed 2 files, 7 uses of 4 identifiers, in ");
    }

    @Test
    void indexesThisProjectUnaskedAndLeavesNothing() throws Exception {
        DemoProcess demo = DemoProcess.run(IndexSources.class, temp).succeeded();

        assertThat(demo.out()).anyMatch(line -> line.contains("main/java/dev/loomscope/"));
        assertThat(demo.out()).allMatch(line -> line.length() <= 100);
        assertThat(DemoProcess.leftovers(temp)).as("databases").isEmpty();
    }

    @Test
    void saysWhatItNeedsWhenGivenNoFolder() throws Exception {
        DemoProcess demo = DemoProcess.run(
                IndexSources.class, temp, temp.resolve("nowhere").toString());

        assertThat(demo.exitCode()).isEqualTo(2);
        assertThat(demo.err()).singleElement().asString().contains("nowhere is no folder");
    }
}
