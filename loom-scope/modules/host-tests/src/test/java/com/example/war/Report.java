package com.example.war;

import java.io.Serializable;

/** What a CPU task of the web application returns: both classes are in WEB-INF/classes only. */
public record Report(long worker, int length) implements Serializable {

    /** Runs in a worker. */
    static Report of(byte[] page) {
        return new Report(ProcessHandle.current().pid(), page.length);
    }
}
