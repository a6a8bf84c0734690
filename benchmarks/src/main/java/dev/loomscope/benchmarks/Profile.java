package dev.loomscope.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordedMethod;
import jdk.jfr.consumer.RecordingFile;

/**
 * Where the time of a program goes, as Flight Recorder samples it: published beside a figure that falls short. Of the JVM that
 * measures, not of its workers.
 *
 * @param samples how many there are
 * @param hottest the methods that ran, most often first
 * @param ours the methods of ours that ran or had called what ran, innermost only
 */
record Profile(int samples, List<Share> hottest, List<Share> ours) {

    private static final int SHOWN = 8;
    private static final String OURS = "dev.loomscope.";
    private static final String BENCHMARKS = Profile.class.getPackageName() + ".";

    /** So many of a hundred samples. */
    record Share(String method, double percent) {}

    /** Runs the program once more, recorded. */
    static Profile of(Program program) throws IOException, InterruptedException {
        Path recording = Files.createTempFile("profile", ".jfr");
        try {
            program.withOption("-XX:StartFlightRecording=settings=profile,filename=" + recording)
                    .run();
            return read(recording);
        } finally {
            Files.deleteIfExists(recording);
        }
    }

    private static Profile read(Path recording) throws IOException {
        Map<String, Integer> hottest = new HashMap<>();
        Map<String, Integer> ours = new HashMap<>();
        int samples = 0;
        try (RecordingFile file = new RecordingFile(recording)) {
            while (file.hasMoreEvents()) {
                RecordedEvent event = file.readEvent();
                String type = event.getEventType().getName();
                if (!type.equals("jdk.ExecutionSample") || event.getStackTrace() == null) {
                    continue; // native ones are mostly threads that wait
                }
                samples++;
                List<RecordedFrame> frames = event.getStackTrace().getFrames();
                count(frames, name -> true, hottest);
                count(frames, name -> name.startsWith(OURS) && !name.startsWith(BENCHMARKS), ours);
            }
        }
        return new Profile(samples, shares(hottest, samples), shares(ours, samples));
    }

    private static void count(List<RecordedFrame> frames, Predicate<String> counts, Map<String, Integer> into) {
        for (RecordedFrame frame : frames) {
            RecordedMethod method = frame.getMethod();
            String name = method.getType().getName() + "." + method.getName();
            if (counts.test(name)) {
                into.merge(name, 1, Integer::sum);
                return;
            }
        }
    }

    private static List<Share> shares(Map<String, Integer> counts, int samples) {
        List<Share> shares = new ArrayList<>();
        counts.forEach((method, count) -> shares.add(new Share(method, 100.0 * count / samples)));
        shares.sort(Comparator.comparingDouble(Share::percent).reversed());
        return List.copyOf(shares.subList(0, Math.min(SHOWN, shares.size())));
    }

    /** A line for each method. */
    List<String> lines() {
        return Stream.concat(
                        hottest.stream().map(share -> line("", share)),
                        ours.stream().map(share -> line("below ", share)))
                .toList();
    }

    private static String line(String where, Share share) {
        return "%5.1f %% %s%s".formatted(share.percent(), where, share.method());
    }
}
