package dev.loomscope.demos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * An index of source files in an embedded database, through plain JDBC; its temporary folder goes when it is closed.
 *
 * <p>One thread at a time: it has one connection.
 */
final class SourceIndex implements AutoCloseable {

    private final Path folder;
    private final Connection connection;

    private SourceIndex(Path folder, Connection connection) {
        this.folder = folder;
        this.connection = connection;
    }

    /** What was found in a file: serializable, because workers find it. */
    record Entry(String file, long bytes, Map<String, Integer> identifiers) implements java.io.Serializable {}

    /** A line of an answer. */
    record Hit(String name, long count) {}

    static SourceIndex create() throws IOException, SQLException {
        Path folder = Files.createTempDirectory("index-sources");
        Connection connection = DriverManager.getConnection("jdbc:h2:file:" + folder.resolve("index"));
        try (Statement statement = connection.createStatement()) {
            statement.execute("create table file (name varchar primary key, bytes bigint)");
            statement.execute("create table identifier (name varchar, file varchar, uses int)");
        }
        connection.setAutoCommit(false);
        return new SourceIndex(folder, connection);
    }

    /** Adds these entries in one transaction. */
    void add(List<Entry> entries) throws SQLException {
        try (PreparedStatement file = connection.prepareStatement("insert into file values (?, ?)");
                PreparedStatement identifier = connection.prepareStatement("insert into identifier values (?, ?, ?)")) {
            for (Entry entry : entries) {
                file.setString(1, entry.file());
                file.setLong(2, entry.bytes());
                file.addBatch();
                for (Map.Entry<String, Integer> use : entry.identifiers().entrySet()) {
                    identifier.setString(1, use.getKey());
                    identifier.setString(2, entry.file());
                    identifier.setInt(3, use.getValue());
                    identifier.addBatch();
                }
            }
            file.executeBatch();
            identifier.executeBatch();
        }
        connection.commit();
    }

    List<Hit> topIdentifiers(int limit) throws SQLException {
        return query("select name, sum(uses) n from identifier group by name order by n desc, name limit " + limit);
    }

    List<Hit> biggestFiles(int limit) throws SQLException {
        return query("select name, bytes from file order by bytes desc, name limit " + limit);
    }

    /** How many identifiers there are in all, and how many different ones. */
    List<Hit> totals() throws SQLException {
        return query("select 'uses', coalesce(sum(uses), 0) from identifier union all "
                + "select 'names', count(distinct name) from identifier");
    }

    private List<Hit> query(String sql) throws SQLException {
        List<Hit> hits = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                hits.add(new Hit(rows.getString(1), rows.getLong(2)));
            }
        }
        return hits;
    }

    @Override
    public void close() throws SQLException, IOException {
        connection.close();
        try (var files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }
}
