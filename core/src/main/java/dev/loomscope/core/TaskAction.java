package dev.loomscope.core;

import java.io.Serializable;

/** Code that can be forked, without a result. */
@FunctionalInterface
public interface TaskAction extends Serializable {

    /**
     * Runs the action.
     *
     * @throws Exception if it fails
     */
    void run() throws Exception;
}
