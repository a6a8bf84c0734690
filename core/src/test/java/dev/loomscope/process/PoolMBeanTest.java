package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.util.Set;
import javax.management.JMX;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;

class PoolMBeanTest {

    private final MBeanServer jmx = ManagementFactory.getPlatformMBeanServer();

    private Set<ObjectName> beans(String pool) throws Exception {
        return jmx.queryNames(
                new ObjectName("dev.loomscope:type=ProcessPool,name=" + ObjectName.quote(pool) + ",*"), null);
    }

    @Test
    void aPoolThatWantsItIsShownWithItsNumbersUntilItIsClosed() throws Exception {
        try (ProcessPool pool = ProcessPool.open(
                c -> c.withName("shown").withWorkers(1).withJmx(true).withMaxQueuedBytes(1234))) {
            PoolRun.run(pool, Work::pid);
            PoolRun.fail(pool, () -> {
                throw new IllegalStateException("on purpose");
            });
            ObjectName name = new ObjectName("dev.loomscope:type=ProcessPool,name=\"shown\"");
            ProcessPoolMXBean bean = JMX.newMXBeanProxy(jmx, name, ProcessPoolMXBean.class);

            assertThat(bean.getMaxWorkers()).isEqualTo(1);
            assertThat(bean.getLiveWorkers()).isEqualTo(1);
            assertThat(bean.getIdleWorkers()).isEqualTo(1);
            assertThat(bean.getBusyWorkers() + bean.getStartingWorkers()).isZero();
            assertThat(bean.getQueuedTasks() + bean.getQueuedBytes()).isZero();
            assertThat(bean.getMaxQueuedBytes()).isEqualTo(1234);
            assertThat(bean.getTasksDone()).isEqualTo(1);
            assertThat(bean.getTasksFailed()).isEqualTo(1);
            assertThat(bean.getTasksCancelled()).isZero();
            assertThat(bean.getWorkersStarted()).isEqualTo(1);
            assertThat(bean.getWorkersRetired() + bean.getWorkersKilled() + bean.getWorkersCrashed())
                    .isZero();
            assertThat(jmx.getMBeanInfo(name).getAttributes()).hasSize(15);
        }
        assertThat(beans("shown")).isEmpty();
    }

    @Test
    void poolsOfOneNameDoNotClash() throws Exception {
        try (ProcessPool first = ProcessPool.open(c -> c.withName("twin").withJmx(true));
                ProcessPool second = ProcessPool.open(c -> c.withName("twin").withJmx(true))) {
            assertThat(beans("twin"))
                    .hasSize(2)
                    .anySatisfy(
                            name -> assertThat(name.getKeyProperty("number")).isEqualTo("2"));
            second.close();
            second.close();
            assertThat(beans("twin")).hasSize(1);
            assertThat(first.stats().maxWorkers()).isPositive();
        }
        assertThat(beans("twin")).isEmpty();
    }

    @Test
    void aNameMayHaveAnyLetters() throws Exception {
        String odd = "a,b=\"c\"*?:\n";
        try (ProcessPool pool = ProcessPool.open(c -> c.withName(odd).withJmx(true))) {
            assertThat(beans(odd)).hasSize(1);
            assertThat(pool.config().jmx()).isTrue();
        }
        assertThat(beans(odd)).isEmpty();
    }

    @Test
    void aPoolThatDoesNotWantItIsNotShown() throws Exception {
        try (ProcessPool pool = ProcessPool.open(c -> c.withName("hidden"))) {
            assertThat(pool.config().jmx()).isFalse();
            assertThat(beans("hidden")).isEmpty();
        }
    }
}
