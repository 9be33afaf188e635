package cntk.report;

import cntk.dataset.InputException;
import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Provenance of a run, {@code run.json}: enough to repeat it and to know what to compare it with. Names in the file are
 * snake_case.
 *
 * @param format of this file; 1
 * @param startedAt ISO 8601 with offset, as is {@code finishedAt}
 * @param commandLine the words after {@code cntk}
 * @param options every option with its value, defaults included
 * @param backend and why it was this one
 * @param data one per image set, in the order training, test
 * @param versions engine, Java, OpenBLAS (its own description), ...
 * @param stages wall time of each stage in order
 * @param workers what computed the kernel, one per thread or device
 * @param results the fields of {@link ResultJson}, as written by {@link #results}
 */
public record RunRecord(
        int format,
        String startedAt,
        String finishedAt,
        List<String> commandLine,
        Map<String, Object> options,
        Network network,
        Backend backend,
        List<Data> data,
        Map<String, String> versions,
        MachineCard machine,
        List<Stage> stages,
        List<Worker> workers,
        Map<String, Object> results) {
    /** Value of {@code format}. */
    public static final int FORMAT = 1;

    /** Canonical text and the id (hash) made of it. */
    public record Network(String text, String id) {}

    /**
     * What computed the kernel.
     *
     * @param name such as {@code cpu}
     * @param description one line for people
     * @param reason why this one was picked
     */
    public record Backend(String name, String description, String reason) {}

    /**
     * An image set as it was used.
     *
     * @param role {@code train} or {@code test}
     * @param sha256 of everything that determines the values: raw data, labels, preprocessing
     * @param shape as {@code CxHxW}
     */
    public record Data(String role, String name, int images, String shape, String sha256) {}

    /** Wall time of one stage. */
    public record Stage(String name, double seconds) {}

    /**
     * A thread or device that computed tiles.
     *
     * @param backend its short name, such as {@code cpu}; the worker's name is such as {@code cpu/0}
     * @param busySeconds time inside tiles
     */
    public record Worker(String name, String backend, String description, long tiles, long pairs, double busySeconds) {}

    /** The results part of a record. */
    public static Map<String, Object> results(RunResult result) {
        return ResultJson.fields(result);
    }

    /** Writes the file whole or not at all. */
    public void write(Path file) {
        String text = Json.text(this);
        WholeFile.write(file, out -> out.append(text).append('\n'));
    }

    /** Reads a file that {@link #write} wrote. */
    public static RunRecord read(Path file) {
        try {
            RunRecord record = Json.parse(Files.readString(file), RunRecord.class);
            if (record.format() != FORMAT) {
                throw new InputException(file + " has run record format " + record.format() + ", expected " + FORMAT);
            }
            return record;
        } catch (JsonProcessingException malformed) {
            throw new InputException(file + " is not a run record: " + malformed.getOriginalMessage(), malformed);
        } catch (IOException unreadable) {
            throw new InputException("cannot read " + file + ": " + unreadable, unreadable);
        }
    }
}
