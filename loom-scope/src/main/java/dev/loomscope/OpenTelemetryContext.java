package dev.loomscope;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * The OpenTelemetry context of a forking thread. Immutable.
 *
 * <p>A JVM may have two copies of OpenTelemetry's API: the application's, and a renamed one that the java agent brings along. The
 * agent hands its own context from thread to thread only where a task passes through an executor that the agent has rewritten, and
 * a subtask passes through none. Both copies are captured. If the agent keeps the application's contexts inside its own, which is
 * the default, then installing both is the same as installing one.
 */
final class OpenTelemetryContext {

    private static final @Nullable OpenTelemetryApi APPLICATION =
            OpenTelemetryApi.find("io.opentelemetry.context.Context", OpenTelemetryContext.class.getClassLoader());

    // The agent adds its jar to the bootstrap loader. The name is assembled at run time, so that a build that relocates
    // OpenTelemetry inside an application does not rewrite it.
    private static final @Nullable OpenTelemetryApi AGENT = OpenTelemetryApi.find(
            "io!opentelemetry!javaagent!shaded!io!opentelemetry!context!Context".replace('!', '.'), null);

    private static final @Nullable OpenTelemetryContext ROOT =
            APPLICATION == null && AGENT == null ? null : new OpenTelemetryContext(rootOf(APPLICATION), rootOf(AGENT));

    private final @Nullable Object application; // null if there is no APPLICATION
    private final @Nullable Object agent; // null if there is no AGENT

    private OpenTelemetryContext(@Nullable Object application, @Nullable Object agent) {
        this.application = application;
        this.agent = agent;
    }

    private static @Nullable Object rootOf(@Nullable OpenTelemetryApi api) {
        return api == null ? null : api.root();
    }

    /** Returns the context of the calling thread; null if neither copy of the API is present. */
    static @Nullable OpenTelemetryContext capture() {
        OpenTelemetryContext root = ROOT;
        if (root == null) {
            return null;
        }
        Object application = currentOf(APPLICATION);
        Object agent = currentOf(AGENT);
        return application == root.application && agent == root.agent
                ? root
                : new OpenTelemetryContext(application, agent);
    }

    private static @Nullable Object currentOf(@Nullable OpenTelemetryApi api) {
        return api == null ? null : api.currentContext();
    }

    /** Returns the context of a thread that has none; null if neither copy of the API is present. */
    static @Nullable OpenTelemetryContext root() {
        return ROOT;
    }

    /**
     * Returns code to hand to a scope of the JDK. The agent attaches the current context to that object, and detaches it when the
     * code is called. A constant that is never called would keep the first context until the JVM ends.
     */
    @SuppressWarnings("UnnecessaryMethodReference") // each evaluation makes a new object
    static Callable<?> notRetained(Callable<?> code) {
        return AGENT == null ? code : code::call;
    }

    /** Gives it to the calling thread in place of the context that the thread has, until {@link Installed#remove}. */
    Installed install() {
        Attachment ofAgent = Attachment.of(AGENT, agent);
        try {
            return new Installed(ofAgent, Attachment.of(APPLICATION, application));
        } catch (Throwable e) {
            Attachment.remove(ofAgent);
            throw e;
        }
    }

    /** A context that a thread has for the duration of a subtask. */
    record Installed(@Nullable Attachment agent, @Nullable Attachment application) {

        /** Gives the thread back the context that it had before. Called once, by the thread that installed it. */
        void remove() {
            try {
                Attachment.remove(application);
            } finally {
                Attachment.remove(agent);
            }
        }
    }

    /** A context of one copy of the API, current on a thread. */
    record Attachment(OpenTelemetryApi api, Object before, AutoCloseable scope) {

        static @Nullable Attachment of(@Nullable OpenTelemetryApi api, @Nullable Object context) {
            if (api == null || context == null) {
                return null;
            }
            Object before = api.currentContext();
            return new Attachment(api, before, api.attach(context));
        }

        // A task may leave a scope open that it has made. OpenTelemetry then ignores the close of the scope around it,
        // and the next subtask on a reused thread would find the context.
        static void remove(@Nullable Attachment attached) {
            if (attached == null) {
                return;
            }
            OpenTelemetryApi.detach(attached.scope);
            if (attached.api.currentContext() != attached.before) {
                attached.api.attach(attached.before);
            }
        }
    }
}
