package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The files of Linux that say how much memory there is, in a folder of our own. */
class MachineMemoryTest {

    private static final long GIB = 1L << 30;

    @TempDir
    Path root;

    @BeforeEach
    void aMachineOf16GiB() throws IOException {
        write("proc/meminfo", "MemTotal:       16777216 kB\nMemFree:         1 kB\n");
    }

    private void write(String path, String text) throws IOException {
        Path file = root.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private long bytes() throws IOException {
        return new MachineMemory(root).bytes();
    }

    @Test
    void whoHasNoContainerHasTheMachine() throws IOException {
        assertThat(bytes()).isEqualTo(16 * GIB);
    }

    @Test
    void aContainerWithALimitHasThat() throws IOException {
        write("proc/self/cgroup", "0::/\n");
        write("sys/fs/cgroup/memory.max", 2 * GIB + "\n");

        assertThat(bytes()).isEqualTo(2 * GIB);
    }

    @Test
    void aContainerWithoutALimitHasTheMachine() throws IOException {
        write("proc/self/cgroup", "0::/\n");
        write("sys/fs/cgroup/memory.max", "max\n");

        assertThat(bytes()).isEqualTo(16 * GIB);
    }

    @Test
    void aLimitBeyondTheMachineIsNone() throws IOException {
        write("proc/self/cgroup", "4:memory:/\n");
        write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");

        assertThat(bytes()).isEqualTo(16 * GIB);
    }

    @Test
    void theLeastOfAGroupAndThoseAroundItCounts() throws IOException {
        write("proc/self/cgroup", "0::/user/service/part\n");
        write("sys/fs/cgroup/user/service/part/memory.max", 4 * GIB + "\n");
        write("sys/fs/cgroup/user/service/memory.max", 3 * GIB + "\n");
        write("sys/fs/cgroup/user/memory.max", "max\n");

        assertThat(bytes()).isEqualTo(3 * GIB);
    }

    @Test
    void aPathThatOnlyTheHostKnowsLeavesTheGroupThatIsMounted() throws IOException {
        write("proc/self/cgroup", "5:cpu,cpuacct:/docker/0123\n4:memory:/docker/0123\n0::/\n");
        write("sys/fs/cgroup/memory/memory.limit_in_bytes", GIB + "\n");

        assertThat(bytes()).isEqualTo(GIB);
    }

    @Test
    void aPathThatLeadsOutOfTheMountIsNotFollowed() throws IOException {
        write("proc/self/cgroup", "0::/../../../etc\n");
        write("etc/memory.max", "1\n");

        assertThat(bytes()).isEqualTo(16 * GIB);
    }

    @Test
    void aSystemThatIsNotLinuxSaysSo() throws IOException {
        Files.delete(root.resolve("proc/meminfo"));

        assertThatThrownBy(this::bytes).isInstanceOf(IOException.class);
    }

    @Test
    void hereItIsWhatTheJdkSays() {
        var jdk = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

        assertThat(MachineMemory.ofThisMachine()).isEqualTo(jdk.getTotalMemorySize());
        assertThat(JdkMemory.bytes()).isEqualTo(jdk.getTotalMemorySize());
    }

    /** Says what a process of this configuration may use. */
    static final class Child {
        public static void main(String[] args) {
            ProcessPoolConfig defaults = ProcessPoolConfig.defaults();
            System.out.println(MachineMemory.ofThisMachine() + " " + defaults.memoryBudgetMiB() + " "
                    + defaults.maxHeapMiB() + " " + MemoryBudget.fit(defaults).workers());
        }
    }

    @Test
    void inARealGroupWithALimitTheDefaultsLeaveHalfOfItAndOneWorkerFits() throws Exception {
        Path group = Path.of("/sys/fs/cgroup/memory/loom-scope-test-" + Work.pid()); // version 1
        assumeTrue(
                Files.isWritable(group.getParent().resolve("cgroup.procs")),
                "no memory groups of version 1 that we may make: " + group.getParent());
        Files.createDirectory(group);
        try {
            Files.writeString(group.resolve("memory.limit_in_bytes"), String.valueOf(800L << 20));
            Process child = new ProcessBuilder(
                            "/bin/sh",
                            "-c",
                            "echo $$ > '%s/cgroup.procs' && exec '%s/bin/java' -XX:-UsePerfData -cp '%s' '%s'"
                                    .formatted(
                                            group,
                                            System.getProperty("java.home"),
                                            System.getProperty("java.class.path"),
                                            Child.class.getName()))
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String said = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

            assertThat(said.strip()).endsWith((800L << 20) + " 400 400 1");
        } finally {
            Eventually.becomesTrue("the group is empty", () -> {
                try {
                    return Files.deleteIfExists(group);
                } catch (IOException e) {
                    return false; // its process is just ending
                }
            });
        }
    }
}
