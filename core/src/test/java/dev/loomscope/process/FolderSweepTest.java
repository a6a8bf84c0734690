package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.UserPrincipal;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class FolderSweepTest {

    private static final Duration OLD = FolderSweep.MIN_AGE.plusMinutes(1);

    @RegisterExtension
    final SystemProperties properties = new SystemProperties();

    @TempDir
    Path tmp;

    @TempDir
    Path elsewhere;

    private long deadPid;

    @BeforeEach
    void findDeadPid() throws Exception {
        Process process = new ProcessBuilder("true").start();
        process.waitFor();
        deadPid = process.pid();
    }

    private static String start() {
        return Long.toString(ProcessStart.of(Work.pid()), WorkerFolder.RADIX);
    }

    private Path folder(String name) throws IOException {
        Path folder = Files.createDirectory(tmp.resolve(name));
        Files.writeString(folder.resolve("args"), "-Xmx1g");
        Files.writeString(folder.resolve("s"), "");
        return age(folder, OLD);
    }

    private static Path age(Path path, Duration age) throws IOException {
        return Files.setLastModifiedTime(path, FileTime.from(Instant.now().minus(age)));
    }

    private void sweep() throws IOException {
        sweep(Files.getOwner(tmp));
    }

    private void sweep(UserPrincipal owner) {
        new FolderSweep(tmp, owner, Instant.now()).run();
    }

    @Test
    void theFolderOfADeadProcessIsDeleted() throws Exception {
        Path dead = folder("loom-scope-" + deadPid + "-" + start() + "-x1");

        sweep();

        assertThat(dead).doesNotExist();
    }

    @Test
    void theFolderOfAProcessWhosePidIsAnothersNowIsDeleted() throws Exception {
        Path reused = folder("loom-scope-" + Work.pid() + "-abc1-x1");

        sweep();

        assertThat(reused).doesNotExist();
    }

    @Test
    void theFolderOfALivingProcessIsKept() throws Exception {
        Path living = folder("loom-scope-" + Work.pid() + "-" + start() + "-x1");
        Path unknownStart = folder("loom-scope-" + Work.pid() + "-0-x1");

        sweep();

        assertThat(living.resolve("args")).exists();
        assertThat(unknownStart.resolve("args")).exists();
    }

    @Test
    void aFolderOfThisJvmSaysSoInItsName() throws Exception {
        properties.set("java.io.tmpdir", tmp);
        WorkerFolder own = WorkerFolder.create();
        age(own.path(), OLD);

        sweep();

        assertThat(own.path()).exists();
        assertThat(own.path().getFileName().toString()).startsWith("loom-scope-" + Work.pid() + "-" + start());
    }

    @Test
    void aFolderThatIsNotOldIsKept() throws Exception {
        Path fresh = folder("loom-scope-" + deadPid + "-" + start() + "-x1");
        age(fresh, FolderSweep.MIN_AGE.minusMinutes(1));

        sweep();

        assertThat(fresh.resolve("args")).exists();
    }

    @Test
    void aFolderOfAnotherUserIsKept() throws Exception {
        Path others = folder("loom-scope-" + deadPid + "-" + start() + "-x1");

        sweep(new UserPrincipal() {
            @Override
            public String getName() {
                return "somebody else";
            }
        });

        assertThat(others.resolve("args")).exists();
    }

    @Test
    void aLinkIsNeitherFollowedNorDeleted() throws Exception {
        Path precious = Files.writeString(elsewhere.resolve("args"), "precious");
        age(elsewhere, OLD);
        Path link = tmp.resolve("loom-scope-" + deadPid + "-" + start() + "-x1");
        Files.createSymbolicLink(link, elsewhere);

        sweep();

        assertThat(precious).hasContent("precious");
        assertThat(link).isSymbolicLink();
    }

    @Test
    void aLinkInAFolderIsDeletedAndWhatItLeadsToIsNot() throws Exception {
        Path precious = Files.writeString(elsewhere.resolve("precious"), "precious");
        Path dead = folder("loom-scope-" + deadPid + "-" + start() + "-x1");
        Files.delete(dead.resolve("s"));
        Files.createSymbolicLink(dead.resolve("s"), precious);
        age(dead, OLD);

        sweep();

        assertThat(dead).doesNotExist();
        assertThat(precious).hasContent("precious");
    }

    @Test
    void theReportOfACrashIsKeptForAWhile() throws Exception {
        Path young = folder("loom-scope-" + deadPid + "-" + start() + "-young");
        Path old = folder("loom-scope-" + deadPid + "-" + start() + "-old");
        Path youngReport = Files.writeString(young.resolve("hs_err_pid7.log"), "#");
        age(Files.writeString(old.resolve("hs_err_pid8.log"), "#"), FolderSweep.REPORT_AGE.plusDays(1));
        age(young, OLD);
        age(old, OLD);

        sweep();

        assertThat(youngReport).exists();
        assertThat(old).doesNotExist();
    }

    @Test
    void whatIsNotOursIsKept() throws Exception {
        Path otherName = folder("loom-scope-notes");
        Path withMore = folder("loom-scope-" + deadPid + "-" + start() + "-x1");
        Path more = Files.writeString(withMore.resolve("notes.txt"), "precious");
        age(withMore, OLD);
        Path file = age(Files.writeString(tmp.resolve("loom-scope-" + deadPid + "-1-x2"), "a file"), OLD);

        sweep();

        assertThat(otherName.resolve("args")).exists();
        assertThat(more).exists();
        assertThat(file).exists();
    }
}
