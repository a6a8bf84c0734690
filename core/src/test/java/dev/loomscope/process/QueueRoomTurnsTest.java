package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** Who waits for room gets it in turn. */
class QueueRoomTurnsTest {

    private final QueueRoom room = new QueueRoom("test", 10);
    private final List<String> entered = new CopyOnWriteArrayList<>();

    private Thread enter(String name, long bytes) throws Exception {
        Thread thread = Thread.ofPlatform().daemon().name(name).start(() -> {
            try {
                room.await(bytes);
                entered.add(name);
            } catch (InterruptedException e) {
                entered.add(name + " was interrupted");
            }
        });
        Eventually.becomesTrue("it waits, or has entered", () -> switch (thread.getState()) {
            case WAITING, TERMINATED -> true;
            default -> false;
        });
        return thread;
    }

    @Test
    void whoWaitsForALotHasItsTurn() throws Exception {
        room.take("first", 6);
        Thread large = enter("large", 8);
        Thread small = enter("small", 3);
        assertThat(entered).isEmpty();

        room.give(6);
        large.join();
        assertThat(entered).containsExactly("large");

        room.give(8);
        small.join();
        assertThat(entered).containsExactly("large", "small");
        assertThat(room.held()).isEqualTo(3);
    }

    @Test
    void whoGivesUpMakesWayForTheNext() throws Exception {
        room.take("first", 6);
        Thread large = enter("large", 8);
        Thread small = enter("small", 3);

        large.interrupt();
        large.join();
        small.join();

        assertThat(entered).containsExactlyInAnyOrder("large was interrupted", "small");
        assertThat(room.held()).isEqualTo(9);
    }

    @Test
    void aCloseLetsAllGoOn() throws Exception {
        room.take("first", 10);
        List<Thread> threads = List.of(enter("one", 8), enter("two", 8));

        room.close();

        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(entered).containsExactlyInAnyOrder("one", "two");
    }
}
