package cntk.dataset;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** The archive that the authors of CIFAR-10 publish (163 MiB). */
final class Cifar10Archive implements Cifar10Source {
    private static final URI OFFICIAL = URI.create("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz");
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration STALL_TIMEOUT = Duration.ofSeconds(30);
    private static final int OK = 200;
    private static final long REPORT_BYTES = 16L << 20;

    private final URI uri;
    private final Duration stallTimeout;

    Cifar10Archive() {
        this(OFFICIAL, STALL_TIMEOUT);
    }

    Cifar10Archive(URI uri, Duration stallTimeout) {
        this.uri = uri;
        this.stallTimeout = stallTimeout;
    }

    @Override
    public String name() {
        return "the official archive " + uri;
    }

    @Override
    public void fetch(Path scratch, Consumer<String> progress) throws IOException, InterruptedException {
        Path archive = scratch.resolve("cifar-10-binary.tar.gz");
        HttpClient client = HttpClient.newBuilder()
                .connectTimeout(CONNECT_TIMEOUT)
                .followRedirects(HttpClient.Redirect.NORMAL)
                .build();
        try {
            HttpRequest request = HttpRequest.newBuilder(uri).build();
            HttpResponse<Path> response =
                    await(client.sendAsync(request, HttpResponse.BodyHandlers.ofFile(archive)), archive, progress);
            if (response.statusCode() != OK) {
                throw new IOException("the server answers with HTTP status " + response.statusCode());
            }
        } finally {
            client.shutdownNow();
        }
        TarGz.extract(archive, Set.copyOf(Cifar10.files()), scratch);
    }

    /** Waits as long as the file keeps growing; HttpClient itself limits only the time to connect. */
    private HttpResponse<Path> await(
            CompletableFuture<HttpResponse<Path>> answer, Path archive, Consumer<String> progress)
            throws IOException, InterruptedException {
        long seen = 0;
        long reported = 0;
        long lastGrowth = System.nanoTime();
        while (true) {
            try {
                return answer.get(200, TimeUnit.MILLISECONDS);
            } catch (ExecutionException e) {
                throw new IOException("it cannot be reached (" + e.getCause() + ")", e);
            } catch (TimeoutException e) {
                long size = Files.exists(archive) ? Files.size(archive) : 0;
                if (size > seen) {
                    seen = size;
                    lastGrowth = System.nanoTime();
                } else if (System.nanoTime() - lastGrowth > stallTimeout.toNanos()) {
                    answer.cancel(true);
                    throw new IOException("no data came for " + stallTimeout.toSeconds() + " s", e);
                }
                if (seen - reported >= REPORT_BYTES) {
                    reported = seen;
                    progress.accept((seen >> 20) + " MiB of the archive are here");
                }
            }
        }
    }
}
