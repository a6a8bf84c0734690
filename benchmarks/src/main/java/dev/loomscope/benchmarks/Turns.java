package dev.loomscope.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** Measures several sides in turns, each round in the other order, so that none has the quiet hours of a machine to itself. */
final class Turns {

    private Turns() {}

    /** Gives one sample of one side. */
    @FunctionalInterface
    interface Side {
        double sample() throws Exception;
    }

    /** Runs each program once per round, and puts together what they measured. */
    static Measured ofPrograms(int rounds, List<Program> programs) throws IOException, InterruptedException {
        Measured all = new Measured();
        for (int round = 0; round < rounds; round++) {
            for (Program program : inOrderOf(round, programs)) {
                all.addAll(program.run());
            }
        }
        return all;
    }

    /** Takes samples of all sides in this JVM, drops those of the first rounds, and {@linkplain Measured#say says} the others. */
    static void inThisJvm(int warmUp, int rounds, Map<String, Side> sides) throws Exception {
        for (int round = -warmUp; round < rounds; round++) {
            for (Map.Entry<String, Side> side : inOrderOf(round, List.copyOf(sides.entrySet()))) {
                double value = side.getValue().sample();
                if (round >= 0) {
                    Measured.say(side.getKey(), value);
                }
            }
        }
    }

    static <T> List<T> inOrderOf(int round, List<T> all) {
        List<T> ordered = new ArrayList<>(all);
        if (round % 2 != 0) {
            Collections.reverse(ordered);
        }
        return ordered;
    }
}
