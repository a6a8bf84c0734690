package dev.loomscope.process;

import java.lang.management.ManagementFactory;
import java.util.function.Supplier;
import javax.management.InstanceAlreadyExistsException;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.ObjectName;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One pool in JMX, from its opening to its close. The only class that knows JMX's server, which takes 200 ms to come up. */
final class PoolMBean implements ProcessPoolMXBean {

    private static final Logger log = LoggerFactory.getLogger(ProcessPool.class);

    private final Supplier<ProcessPoolStats> stats;
    private final @Nullable ObjectName name; // null if it could not be registered

    /** Registers it, under a name that nobody has. A pool whose bean is refused works without. */
    PoolMBean(String pool, Supplier<ProcessPoolStats> stats) {
        this.stats = stats;
        this.name = register(pool);
    }

    private @Nullable ObjectName register(String pool) {
        try {
            String base = "dev.loomscope:type=ProcessPool,name=" + ObjectName.quote(pool);
            for (int number = 1; ; number++) {
                ObjectName candidate = new ObjectName(number == 1 ? base : base + ",number=" + number);
                if (take(candidate)) {
                    return candidate;
                }
            }
        } catch (JMException | RuntimeException e) {
            log.warn("pool '{}' is not shown by JMX", pool, e);
            return null;
        }
    }

    // Whether the name was free and is ours now.
    private boolean take(ObjectName candidate) throws JMException {
        try {
            ManagementFactory.getPlatformMBeanServer().registerMBean(this, candidate);
            return true;
        } catch (InstanceAlreadyExistsException e) {
            return false;
        }
    }

    /** Takes it out of JMX. Once more has no effect. */
    void unregister() {
        if (name == null) {
            return;
        }
        try {
            ManagementFactory.getPlatformMBeanServer().unregisterMBean(name);
        } catch (InstanceNotFoundException e) {
            log.debug("{} is gone already", name);
        } catch (JMException | RuntimeException e) {
            log.warn("{} could not be taken out of JMX", name, e);
        }
    }

    @Override
    public int getMaxWorkers() {
        return stats.get().maxWorkers();
    }

    @Override
    public int getLiveWorkers() {
        return stats.get().live();
    }

    @Override
    public int getStartingWorkers() {
        return stats.get().starting();
    }

    @Override
    public int getIdleWorkers() {
        return stats.get().idle();
    }

    @Override
    public int getBusyWorkers() {
        return stats.get().busy();
    }

    @Override
    public int getQueuedTasks() {
        return stats.get().queuedTasks();
    }

    @Override
    public long getQueuedBytes() {
        return stats.get().queuedBytes();
    }

    @Override
    public long getMaxQueuedBytes() {
        return stats.get().maxQueuedBytes();
    }

    @Override
    public long getTasksDone() {
        return stats.get().done();
    }

    @Override
    public long getTasksFailed() {
        return stats.get().failed();
    }

    @Override
    public long getTasksCancelled() {
        return stats.get().cancelled();
    }

    @Override
    public long getWorkersStarted() {
        return stats.get().started();
    }

    @Override
    public long getWorkersRetired() {
        return stats.get().retired();
    }

    @Override
    public long getWorkersKilled() {
        return stats.get().killed();
    }

    @Override
    public long getWorkersCrashed() {
        return stats.get().crashed();
    }
}
