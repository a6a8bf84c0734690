package dev.loomscope.demos;

import java.util.HashMap;
import java.util.Map;
import javax.lang.model.SourceVersion;

/** Counts the identifiers of a Java source text; comments, strings, characters, numbers and keywords are none. */
final class IdentifierCounter {

    private final String source;
    private final Map<String, Integer> counts = new HashMap<>();
    private int at; // the next character to look at

    private IdentifierCounter(String source) {
        this.source = source;
    }

    static Map<String, Integer> count(String source) {
        IdentifierCounter counter = new IdentifierCounter(source);
        while (counter.at < source.length()) {
            counter.readToken();
        }
        return counter.counts;
    }

    private void readToken() {
        char first = source.charAt(at);
        if (source.startsWith("//", at)) {
            skipTo("\n");
        } else if (source.startsWith("/*", at)) {
            at += 2;
            skipTo("*/");
        } else if (source.startsWith("\"\"\"", at)) {
            skipQuoted("\"\"\"");
        } else if (first == '"' || first == '\'') {
            skipQuoted(String.valueOf(first));
        } else if (Character.isJavaIdentifierPart(first)) {
            readWord();
        } else {
            at++;
        }
    }

    // A word that starts with a digit is a number, letters and all: 0xFFL.
    private void readWord() {
        int start = at;
        while (at < source.length() && Character.isJavaIdentifierPart(source.charAt(at))) {
            at++;
        }
        String word = source.substring(start, at);
        if (Character.isJavaIdentifierStart(word.charAt(0)) && !SourceVersion.isKeyword(word)) {
            counts.merge(word, 1, Integer::sum);
        }
    }

    private void skipQuoted(String quote) {
        at += quote.length();
        while (at < source.length() && !source.startsWith(quote, at)) {
            at += source.charAt(at) == '\\' ? 2 : 1;
        }
        at = Math.min(source.length(), at + quote.length());
    }

    private void skipTo(String end) {
        int found = source.indexOf(end, at);
        at = found < 0 ? source.length() : found + end.length();
    }
}
