package dev.loomscope.process;

import dev.loomscope.core.CpuRequest;
import dev.loomscope.core.Task;
import java.util.List;
import java.util.TreeMap;

/** A program that prints what the lines of {@link SameLine} give on its main thread, and then in a worker. */
final class SameLineProgram {

    private static final List<String> CLASSES = List.of(
            "dev.loomscope.process.SameLine",
            "dev.loomscope.process.WorkerMain",
            "dev.loomscope.user.Quitter",
            "dev.loomscope.event.EventStream",
            "java.util.TreeMap");

    private SameLineProgram() {}

    public static void main(String[] args) throws Throwable {
        TreeMap<String, String> here = give(); // before the pool: it shall change nothing
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1).withMaxHeapMiB(64))) {
            for (int i = 0; i < 2; i++) {
                Task<TreeMap<String, String>> task = SameLineProgram::give;
                TreeMap<String, String> there = pool.prepare(new CpuRequest<>(task, "lines", runner -> {}))
                        .run();
                for (String name : here.keySet()) {
                    boolean same = here.get(name).equals(there.get(name));
                    System.out.printf(
                            java.util.Locale.ROOT,
                            "%s %s: '%s' '%s'%n",
                            same ? "same" : "OTHER",
                            name,
                            visible(here.get(name)),
                            visible(there.get(name)));
                }
            }
        }
        System.out.println("the end");
    }

    private static String visible(String text) {
        return text.replace("\r", "\\r").replace("\n", "\\n");
    }

    private static TreeMap<String, String> give() throws Exception {
        TreeMap<String, String> given = SameLine.give();
        for (String name : CLASSES) {
            ClassLoader loader = SameLineProgram.class.getClassLoader();
            boolean asserts = Class.forName(name, false, loader).desiredAssertionStatus();
            given.put("assertions of " + name, String.valueOf(asserts));
        }
        return given;
    }
}
