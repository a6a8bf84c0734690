package dev.loomscope.hosts.boot;

import dev.loomscope.process.ProcessPool;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

/** A Spring Boot service whose requests fork subtasks of all three kinds. It uses no module of loom-scope for Spring. */
@SpringBootApplication(proxyBeanMethods = false)
public class BootApplication {

    /** Starts the service. */
    public static void main(String[] args) {
        SpringApplication.run(BootApplication.class, args);
    }

    /** The shared pool, or one with this shutdown grace. */
    @Bean
    ProcessPool pool(@Value("${shutdown-grace:#{null}}") @Nullable Duration grace) {
        return grace == null
                ? ProcessPool.shared()
                : ProcessPool.open(c -> c.withName("boot").withShutdownGrace(grace));
    }
}
