package dev.loomscope;

import dev.loomscope.process.ProcessPool;
import jakarta.servlet.ServletContainerInitializer;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Closes the {@linkplain ProcessPool#closeShared() shared} process pool of a web application when the application stops, so that its
 * workers end at once and not at their idle timeout. Servlet containers of Jakarta EE 9 and later find this class by themselves;
 * applications have no use for it.
 *
 * <p>It has no effect if loom-scope was not loaded by the class loader of the application: then the pool belongs to others too.
 */
public final class LoomScopeServletContainerInitializer implements ServletContainerInitializer {

    /** For servlet containers. */
    public LoomScopeServletContainerInitializer() {}

    @Override
    public void onStartup(@Nullable Set<Class<?>> classes, ServletContext context) {
        if (context.getClassLoader() == ProcessPool.class.getClassLoader()) {
            context.addListener(new Closing());
        }
    }

    /** Hears of the end of one web application. */
    private static final class Closing implements ServletContextListener {

        @Override
        public void contextDestroyed(ServletContextEvent event) {
            ProcessPool.closeShared();
        }
    }
}
