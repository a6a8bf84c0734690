package dev.loomscope.process;

import java.util.concurrent.atomic.LongAdder;

/** What has happened in a pool since it was opened, in numbers. Thread-safe. */
final class PoolCounts {

    final LongAdder done = new LongAdder();
    final LongAdder failed = new LongAdder();
    final LongAdder cancelled = new LongAdder();
    final LongAdder started = new LongAdder();
    final LongAdder retired = new LongAdder();
    final LongAdder killed = new LongAdder();
    final LongAdder crashed = new LongAdder();
}
