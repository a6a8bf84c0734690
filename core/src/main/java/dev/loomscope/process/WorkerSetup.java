package dev.loomscope.process;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What is said between a worker that has just connected and its pool: what the worker has to know, its init, and then that it is
 * ready, or what its init threw.
 *
 * @param depth how far below the application the worker is
 * @param pool the part of the pool's configuration that workers of the worker take over
 * @param init null for none
 * @param world the settings of the parent when it started the worker
 */
record WorkerSetup(int depth, Supplier<ProcessPoolConfig> pool, WorkerInit.@Nullable Arrived init, WorkerWorld world) {

    private static final long MAX_FAILURE = 16 << 20; // bytes; a stack with its causes has some thousands

    /**
     * Tells a worker, and waits until it is ready; in the parent.
     *
     * @return what its init threw; null if it is ready
     */
    static @Nullable Payload send(FrameChannel channel, ProcessPoolConfig config) throws IOException {
        return send(channel, config, ParentWorld.capture(WorldAspects.of(config)));
    }

    /** As above, with these settings for its init and its first task. */
    static @Nullable Payload send(FrameChannel channel, ProcessPoolConfig config, ParentWorld world)
            throws IOException {
        WorkerInit init = config.workerInit();
        if (init != null) {
            for (Frame frame : init.toFrames()) {
                channel.write(frame);
            }
        }
        for (Frame frame : world.toFrames()) {
            channel.write(frame);
        }
        for (Frame frame : encode(Nesting.depth() + 1, config).toFrames(Frame.Type.SETUP, 0)) {
            channel.write(frame);
        }
        return awaitReady(channel);
    }

    private static @Nullable Payload awaitReady(FrameChannel channel) throws IOException {
        Payload failure = new Payload();
        while (true) {
            Frame frame = channel.read();
            switch (frame.type()) {
                case READY -> {
                    return null;
                }
                case FAILURE -> {
                    failure.add(frame.body());
                    if (!frame.more()) {
                        return failure;
                    }
                    if (failure.size() > MAX_FAILURE || frame.body().remaining() < Frame.MAX_BODY) {
                        throw new ProtocolException(
                                "what its init threw has more than %s bytes, or comes in small pieces"
                                        .formatted(MAX_FAILURE));
                    }
                }
                default -> throw new ProtocolException("the worker did not say that it is ready");
            }
        }
    }

    private static Payload encode(int depth, ProcessPoolConfig config) throws IOException {
        Payload.Sink sink = new Payload.Sink();
        DataOutputStream out = new DataOutputStream(sink);
        out.writeInt(depth);
        out.writeInt(config.maxHeapMiB());
        out.writeLong(PoolTimer.nanos(config.idleTimeout()));
        out.writeLong(PoolTimer.nanos(config.cancelGrace()));
        out.writeLong(PoolTimer.nanos(config.startTimeout()));
        write(config.jvmOptions(), out);
        write(config.allowedResults(), out);
        write(config.environment(), out);
        write(config.systemProperties(), out);
        return sink.toPayload();
    }

    private static void write(List<String> words, DataOutputStream out) throws IOException {
        out.writeInt(words.size());
        for (String word : words) {
            byte[] bytes = word.getBytes(StandardCharsets.UTF_8);
            out.writeInt(bytes.length);
            out.write(bytes);
        }
    }

    /** Waits until the pool has said all of it; in the worker. */
    static WorkerSetup receive(FrameChannel channel) throws IOException {
        ArrivingPayload init = new ArrivingPayload(ResultMemory.unbounded());
        Payload setup = new Payload();
        Payload world = new Payload();
        while (true) {
            Frame frame = channel.read();
            switch (frame.type()) {
                case TASK -> {
                    if (!init.add(frame.body())) {
                        throw new OutOfMemoryError("its init finds no memory");
                    }
                }
                case WORLD -> world.add(frame.body());
                case SETUP -> {
                    setup.add(frame.body());
                    if (!frame.more()) {
                        return decode(
                                setup,
                                init.isEmpty() ? null : new WorkerInit.Arrived(init.toPayload()),
                                new WorkerWorld(world));
                    }
                }
                default -> throw new ProtocolException("a pool must not begin with " + frame.type());
            }
        }
    }

    private static WorkerSetup decode(Payload setup, WorkerInit.@Nullable Arrived init, WorkerWorld world)
            throws IOException {
        DataInputStream in = new DataInputStream(setup.toInputStream());
        int depth = in.readInt();
        return new WorkerSetup(depth, () -> readPool(in), init, world);
    }

    // Later, if at all: a worker without a pool of its own need not know what one is.
    private static ProcessPoolConfig readPool(DataInputStream in) {
        try {
            return readPoolOf(in);
        } catch (IOException e) {
            throw new UncheckedIOException("what a pool has told its worker ends too early", e);
        }
    }

    private static ProcessPoolConfig readPoolOf(DataInputStream in) throws IOException {
        return ProcessPoolConfig.defaults()
                .withMaxHeapMiB(in.readInt())
                .withIdleTimeout(Duration.ofNanos(in.readLong()))
                .withCancelGrace(Duration.ofNanos(in.readLong()))
                .withStartTimeout(Duration.ofNanos(in.readLong()))
                .withJvmOptions(readWords(in))
                .withAllowedResults(readWords(in))
                .withEnvironment(readWords(in))
                .withSystemProperties(readWords(in));
    }

    private static String[] readWords(DataInputStream in) throws IOException {
        int size = in.readInt();
        List<String> words = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            words.add(new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8));
        }
        return words.toArray(String[]::new);
    }
}
