package dev.loomscope.process;

import java.io.File;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Which variables of this JVM's environment workers get: those of {@link #DEFAULT}, which a JVM and the programs that it starts need
 * or that only say where and in what language it runs, and those that the user names. Passwords, keys and the like are in
 * neither, unless the user says so.
 *
 * <p>A pattern is a name, or the beginning of one and a star.
 */
final class WorkerEnvironment {

    /** What workers get in any case. */
    static final List<String> DEFAULT = List.of(
            "PATH",
            "HOME",
            "USER",
            "LOGNAME",
            "SHELL",
            "HOSTNAME",
            "LANG",
            "LANGUAGE",
            "LC_*",
            "TZ",
            "TMPDIR",
            "JAVA_HOME",
            "LD_LIBRARY_PATH",
            "MALLOC_ARENA_MAX", // of the C library, for those who save memory in containers
            "LOOM_SCOPE_*", // our own
            // macOS
            "DYLD_LIBRARY_PATH",
            "__CF_USER_TEXT_ENCODING",
            // Windows
            "ALLUSERSPROFILE",
            "APPDATA",
            "COMPUTERNAME",
            "COMSPEC",
            "HOMEDRIVE",
            "HOMEPATH",
            "LOCALAPPDATA",
            "NUMBER_OF_PROCESSORS",
            "OS",
            "PATHEXT",
            "PROCESSOR_*",
            "PROGRAMDATA",
            "PROGRAMFILES*",
            "PUBLIC",
            "SYSTEMDRIVE",
            "SYSTEMROOT",
            "TEMP",
            "TMP",
            "USERDOMAIN",
            "USERNAME",
            "USERPROFILE",
            "WINDIR");

    // Each would bring the parent's agents or options, or a line on stderr, into every worker.
    private static final List<String> NEVER = List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS");

    private static final boolean CASE_MATTERS = File.separatorChar == '/';

    private WorkerEnvironment() {}

    /** Removes what workers do not get. */
    static void restrict(Map<String, String> environment, List<String> more) {
        environment.keySet().removeIf(name -> isAny(NEVER, name) || !(isAny(DEFAULT, name) || isAny(more, name)));
    }

    private static boolean isAny(List<String> patterns, String name) {
        return patterns.stream().anyMatch(pattern -> matches(pattern, name));
    }

    private static boolean matches(String pattern, String name) {
        String given = CASE_MATTERS ? name : name.toUpperCase(Locale.ROOT);
        String wanted = CASE_MATTERS ? pattern : pattern.toUpperCase(Locale.ROOT);
        return wanted.endsWith("*") ? given.startsWith(wanted.substring(0, wanted.length() - 1)) : given.equals(wanted);
    }
}
