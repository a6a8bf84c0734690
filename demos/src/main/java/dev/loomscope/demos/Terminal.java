package dev.loomscope.demos;

import java.io.Console;

/** What the place that a demo prints to can show. */
final class Terminal {

    private Terminal() {}

    /** Whether somebody watches, and a line can be printed over with a carriage return. */
    @SuppressWarnings("SystemConsoleNull") // it does on JDK 21
    static boolean isInteractive() {
        Console console = System.console();
        return console != null && isTerminal(console);
    }

    // From JDK 22 on there can be a Console without a terminal, and it says so; before, a Console is a terminal.
    private static boolean isTerminal(Console console) {
        try {
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (NoSuchMethodException e) {
            return true;
        } catch (ReflectiveOperationException e) {
            return false;
        }
    }

    /** A text cut to this many columns. */
    static String fit(String text, int columns) {
        return text.length() <= columns ? text : text.substring(0, columns - 3) + "...";
    }

    /** The message of an exception in lines of this many columns at most, broken at blanks. */
    static String wrapMessage(Throwable thrown, int columns, String indent) {
        StringBuilder wrapped = new StringBuilder(indent);
        int column = indent.length();
        for (String word : String.valueOf(thrown.getMessage()).strip().split("\\s+", -1)) {
            if (column > indent.length() && column + 1 + word.length() > columns) {
                wrapped.append(System.lineSeparator()).append(indent);
                column = indent.length();
            } else if (column > indent.length()) {
                wrapped.append(' ');
                column++;
            }
            wrapped.append(word);
            column += word.length();
        }
        return wrapped.toString();
    }
}
