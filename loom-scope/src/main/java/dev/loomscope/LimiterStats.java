package dev.loomscope;

import java.time.Duration;

/**
 * What a {@link Limiter} has done so far, as it was at one moment.
 *
 * @param name of the limiter
 * @param permits how many may be in use at once
 * @param inUse how many are; more than {@code permits} for a while after the limiter was made smaller
 * @param waiting how many are in line
 * @param granted how many permits were given out, with or without a wait
 * @param cancelledWhileWaiting how many left the line without a permit: cancelled, interrupted or refused because of a deadlock
 * @param longestWait the longest that anybody waited who then got a permit; zero if nobody did
 * @param totalWait how long all waited together who then got a permit; divide it by {@code granted} for the mean
 */
public record LimiterStats(
        String name,
        int permits,
        int inUse,
        int waiting,
        long granted,
        long cancelledWhileWaiting,
        Duration longestWait,
        Duration totalWait) {}
