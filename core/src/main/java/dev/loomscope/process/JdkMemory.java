package dev.loomscope.process;

import java.lang.management.ManagementFactory;
import javax.management.JMException;
import javax.management.ObjectName;

/** What the JDK says about the memory of this machine. In a class of its own, for a runtime may be without management classes. */
final class JdkMemory {

    private JdkMemory() {}

    /**
     * Returns the memory of this machine in bytes.
     *
     * @throws IllegalStateException if this JDK does not know it
     */
    static long bytes() {
        try {
            ObjectName system = new ObjectName(ManagementFactory.OPERATING_SYSTEM_MXBEAN_NAME);
            return (Long) ManagementFactory.getPlatformMBeanServer().getAttribute(system, "TotalMemorySize");
        } catch (JMException e) {
            throw new IllegalStateException("this JDK does not know the memory of its machine", e);
        }
    }
}
