package dev.loomscope.core;

import java.io.Serializable;

/** A {@link Task} made of code of another shape; the classifier and error messages look at the code inside. */
sealed interface AdaptedTask permits ActionTask, FunctionTask, ConsumerTask {

    /** The user's code. */
    Serializable code();
}
