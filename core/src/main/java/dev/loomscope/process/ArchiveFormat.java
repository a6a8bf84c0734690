package dev.loomscope.process;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What kind of archive of loaded classes this JVM can write and use; its workers run on the same one. */
enum ArchiveFormat {
    /** An AOT cache, which JVMs from 25 on write in one step. */
    AOT(".aot", "-XX:AOTCache=", "-XX:AOTCacheOutput=", "-XX:AOTMode=on", "-Xlog:aot*=off,cds*=off:stderr"),

    /** A CDS archive on top of that of the JDK. */
    CDS(".jsa", "-XX:SharedArchiveFile=", "-XX:ArchiveClassesAtExit=", "-Xshare:on", "-Xlog:cds*=off:stderr");

    private static final int FIRST_WITH_AOT = 25;

    private final String suffix;
    private final String use;
    private final String build;
    private final String insist;
    private final String silence;

    ArchiveFormat(String suffix, String use, String build, String insist, String silence) {
        this.suffix = suffix;
        this.use = use;
        this.build = build;
        this.insist = insist;
        this.silence = silence;
    }

    /** That of this JVM; null if it is none of which we know that it has one. */
    static @Nullable ArchiveFormat ofThisJvm() {
        String vm = System.getProperty("java.vm.name", "");
        if (!vm.startsWith("OpenJDK") && !vm.contains("HotSpot")) {
            return null;
        }
        return Runtime.version().feature() >= FIRST_WITH_AOT ? AOT : CDS;
    }

    String suffix() {
        return suffix;
    }

    /** The options with which a JVM uses an archive if it can, and says nothing if it cannot. */
    List<String> use(Path archive) {
        return List.of(use + archive, silence);
    }

    /** The options with which a JVM writes an archive when it exits. */
    List<String> build(Path archive) {
        return this == AOT
                ? List.of(
                        // what its profiles have compiled early would compete with the first task for a processor
                        "-XX:+IgnoreUnrecognizedVMOptions",
                        "-XX:+UnlockDiagnosticVMOptions",
                        "-XX:-AOTRecordTraining",
                        build + archive)
                : List.of(build + archive);
    }

    /** The options with which a JVM uses an archive, or does not start. */
    List<String> insist(Path archive) {
        return List.of(use + archive, insist);
    }
}
