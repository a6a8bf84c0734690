/** Everything that happens in scopes and pools, as one stream of records through one listener. */
@NullMarked
package dev.loomscope.event;

import org.jspecify.annotations.NullMarked;
