package cntk.solve;

import cntk.plan.Precision;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the coefficients of a solved regression in a folder, {@value #FILE_NAME}, so that a run that is killed behind the
 * solve goes on with the predictions. The file is believed only if it was made of the very kernel, targets and ridge that are
 * asked about (SHA-256) and its bytes are whole (CRC32C); it appears under its name whole or not at all.
 *
 * <p>Layout, little-endian: magic (8 bytes), SHA-256 of kernel, ridge and targets (32), CRC32C of what follows (8), n (8),
 * classes (8), condition, smallest pivot, A column by column.
 */
public final class SolutionCache {
    /** Name of the file in the folder. */
    public static final String FILE_NAME = "solution.bin";

    private static final byte[] MAGIC = {'C', 'N', 'T', 'K', 'S', 'O', 'L', '1'};
    private static final int HASH_BYTES = 32;
    private static final int HEADER_BYTES = MAGIC.length + HASH_BYTES + Long.BYTES;
    private static final int NUMBERS = 4;

    private final Path file;

    public SolutionCache(Path folder) {
        this.file = folder.resolve(FILE_NAME);
    }

    /**
     * A solution and where it comes from.
     *
     * @param found whether it was read instead of computed
     * @param note what the user should know, such as a damaged file; empty if nothing
     */
    public record Outcome(RidgeSolution solution, boolean found, String note) {}

    /**
     * The solution from the file if it is right, else from {@link KernelRidge#solve}, and then written; arguments and
     * exceptions are those of that method.
     */
    public Outcome solve(
            KernelRidge solver, KernelSource kernel, NativeMatrix targets, double ridge, Precision stored) {
        byte[] ofTargets = targetsAndRidge(targets, ridge);
        String note = "";
        if (Files.exists(file)) {
            Stopwatch watch = new Stopwatch();
            String sha256 = HexFormat.of().formatHex(KernelHash.of(kernel));
            try {
                double[] conditionAndPivot = read(key(sha256, ofTargets), targets);
                if (conditionAndPivot != null) {
                    RidgeSolution solution = new RidgeSolution(
                            targets,
                            ridge,
                            conditionAndPivot[0],
                            conditionAndPivot[1],
                            solver.solver(kernel.size()),
                            solver.threadsOf(kernel.size()),
                            sha256,
                            new SolveTimings(watch.lap(), 0, 0, 0),
                            KernelRidge.warnings(conditionAndPivot[0], stored));
                    return new Outcome(solution, true, "");
                }
                note = file + " is of another kernel or ridge and is replaced";
            } catch (IOException damaged) {
                note = file + " is damaged and is replaced: " + damaged.getMessage();
            }
        }
        RidgeSolution solution = solver.solve(kernel, targets, ridge, stored);
        try {
            write(key(solution.kernelSha256(), ofTargets), solution);
        } catch (IOException refused) {
            note = file + " cannot be written, another run of this command will solve again: " + refused;
        }
        return new Outcome(solution, false, note);
    }

    /** Condition and smallest pivot, with A in {@code coefficients}; null for another solution, and nothing is changed. */
    private double @Nullable [] read(byte[] key, NativeMatrix coefficients) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        byte[] magic = new byte[MAGIC.length];
        byte[] stored = new byte[HASH_BYTES];
        if (bytes.remaining() < HEADER_BYTES) {
            throw new IOException("it is cut short");
        }
        bytes.get(magic).get(stored);
        if (!Arrays.equals(magic, MAGIC)) {
            throw new IOException("it does not begin with CNTKSOL1");
        }
        if (!Arrays.equals(stored, key)) {
            return null;
        }
        long expected = bytes.getLong();
        CRC32C crc = new CRC32C();
        crc.update(bytes.duplicate());
        int entries = Math.multiplyExact(coefficients.rows(), coefficients.cols());
        if (crc.getValue() != expected || bytes.remaining() != (NUMBERS + entries) * Double.BYTES) {
            throw new IOException("its checksum is wrong");
        }
        bytes.getLong(); // rows and columns are in the key
        bytes.getLong();
        double[] conditionAndPivot = {bytes.getDouble(), bytes.getDouble()};
        double[] column = new double[coefficients.rows()];
        for (int col = 0; col < coefficients.cols(); col++) {
            for (int row = 0; row < column.length; row++) {
                column[row] = bytes.getDouble();
            }
            coefficients.putColumn(col, 0, column, 0, column.length);
        }
        return conditionAndPivot;
    }

    private void write(byte[] key, RidgeSolution solution) throws IOException {
        NativeMatrix a = solution.coefficients();
        int bytes = Math.multiplyExact(NUMBERS + Math.multiplyExact(a.rows(), a.cols()), Double.BYTES);
        ByteBuffer body = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        body.putLong(a.rows()).putLong(a.cols());
        body.putDouble(solution.conditionNumber()).putDouble(solution.smallestPivot());
        for (int col = 0; col < a.cols(); col++) {
            for (int row = 0; row < a.rows(); row++) {
                body.putDouble(a.get(row, col));
            }
        }
        CRC32C crc = new CRC32C();
        crc.update(body.flip().duplicate());
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        header.put(MAGIC).put(key).putLong(crc.getValue()).flip();
        Path partial = file.resolveSibling(
                "." + FILE_NAME + ".partial-" + ProcessHandle.current().pid());
        try {
            try (FileChannel channel = FileChannel.open(
                    partial,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.WRITE)) {
                for (ByteBuffer part : new ByteBuffer[] {header, body}) {
                    while (part.hasRemaining()) {
                        channel.write(part);
                    }
                }
                channel.force(true);
            }
            Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(partial);
        }
    }

    private static byte[] targetsAndRidge(NativeMatrix targets, double ridge) {
        MessageDigest digest = sha256();
        ByteBuffer numbers =
                ByteBuffer.allocate(2 * Integer.BYTES + Double.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        digest.update(numbers.putInt(targets.rows())
                .putInt(targets.cols())
                .putDouble(ridge)
                .flip());
        digest.update(targets.segment().asByteBuffer());
        return digest.digest();
    }

    private static byte[] key(String kernelSha256, byte[] targetsAndRidge) {
        MessageDigest digest = sha256();
        digest.update(HexFormat.of().parseHex(kernelSha256));
        return digest.digest(targetsAndRidge);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) { // every Java platform has it
            throw new IllegalStateException(e);
        }
    }
}
