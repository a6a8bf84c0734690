package dev.loomscope.process;

import java.util.Date;
import java.util.TimeZone;

/** A time zone of the user's own making. */
final class ForeignTimeZone extends TimeZone {

    private int offset;

    ForeignTimeZone(int offset) {
        this.offset = offset;
        setID("Foreign/" + offset);
    }

    @Override
    public int getOffset(int era, int year, int month, int day, int dayOfWeek, int milliseconds) {
        return offset;
    }

    @Override
    public void setRawOffset(int offsetMillis) {
        offset = offsetMillis;
    }

    @Override
    public int getRawOffset() {
        return offset;
    }

    @Override
    public boolean useDaylightTime() {
        return false;
    }

    @Override
    public boolean inDaylightTime(Date date) {
        return false;
    }

    @Override
    public String toString() {
        return getID();
    }
}
