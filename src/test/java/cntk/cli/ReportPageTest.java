package cntk.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page of a run, as text and in a browser. */
class ReportPageTest {
    private static final List<String> FIGURES =
            List.of("gram", "spectrum", "alignment", "ridge", "loss", "accuracy-time", "learning-curve");
    private static final long BROWSER_SECONDS = 120;

    @TempDir
    private static Path folder;

    private static Path page;

    @BeforeAll
    static void run() {
        Path run = folder.resolve("run");
        CommandRun result = CommandRun.of(
                "run",
                "--out",
                run.toString(),
                "--train",
                "60",
                "--test",
                "40",
                "--arch",
                "cntk(depth=3,readout=flatten)");
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.err()).contains("report in " + run.resolve("report.html"));
        page = run.resolve("report.html");
    }

    @Test
    void thePageHoldsEveryFigureAndNeedsNothingElse() throws IOException {
        String html = Files.readString(page);
        for (String figure : FIGURES) {
            assertThat(html).contains("<figure id=\"" + figure + "\">");
        }
        assertThat(html)
                .contains("id=\"accuracy\"", "id=\"confusion\"", "id=\"wrong\"", "id=\"timings\"", "./cntk run --out");
        assertThat(html).doesNotContain("<script", "http://localhost", "https://");
        assertThat(html.replace("http://www.w3.org/2000/svg", "")).doesNotContain("http://");
        assertThat(html).doesNotContain("NaN", "Infinity");
    }

    @Test
    void theKernelOfANetworkWithoutATrainedLayerIsZeroAndHasAPage() throws IOException {
        Path run = folder.resolve("zero");
        CommandRun result = CommandRun.of(
                "run",
                "--out",
                run.toString(),
                "--train",
                "20",
                "--test",
                "10",
                "--ridge",
                "1",
                "--arch",
                "conv(train=false) relu flatten dense(train=false)");
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(Files.readString(run.resolve("report.html"))).contains("the kernel is zero");
    }

    @Test
    void theSameRunGivesTheSamePage() throws IOException {
        String before = Files.readString(page);
        CommandRun again = CommandRun.of("report", "--run", page.getParent().toString());
        assertThat(again.code()).as(again.err()).isZero();
        assertThat(again.out().strip()).isEqualTo(page.toString());
        assertThat(Files.readString(page)).isEqualTo(before);
    }

    @Test
    void aBrowserShowsThePageWithoutAnError() throws IOException, InterruptedException {
        String browser = browser();
        if (browser == null) {
            System.err.println("SKIPPED: no chromium on the PATH, the report was not looked at in a browser");
        }
        assumeTrue(browser != null, "no chromium on the PATH");
        Path shot = folder.resolve("page.png");
        String log = browse(browser, "--window-size=1240,2600", "--screenshot=" + shot);
        assertThat(log).doesNotContain(":CONSOLE").doesNotContain("ERR_");
        BufferedImage image = ImageIO.read(shot.toFile());
        assertThat(image.getWidth()).isEqualTo(1240);
        assertThat(coloursIn(image)).as("distinct colours").hasSizeGreaterThan(500); // pictures, heat map, text
        for (String figure : FIGURES) {
            assertThat(Files.readString(page)).contains("id=\"" + figure + "\"");
        }
        assertThat(ink(image, 0, 300)).as("headline").isPositive();
        assertThat(ink(image, 1200, 2600)).as("figures").isGreaterThan(5000);
    }

    private static @org.jspecify.annotations.Nullable String browser() {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .flatMap(place -> Stream.of("chromium", "chromium-browser", "google-chrome")
                        .map(name -> place + File.separator + name))
                .filter(file -> new File(file).canExecute())
                .findFirst()
                .orElse(null);
    }

    /** What the browser says on standard error, its console included. */
    private static String browse(String browser, String... options) throws IOException, InterruptedException {
        List<String> words = Stream.concat(
                        Stream.of(
                                browser,
                                "--headless",
                                "--no-sandbox",
                                "--disable-gpu",
                                "--disable-dev-shm-usage",
                                "--hide-scrollbars",
                                "--enable-logging=stderr",
                                "--user-data-dir=" + folder.resolve("profile")),
                        Stream.concat(Stream.of(options), Stream.of(page.toUri().toString())))
                .toList();
        Path log = folder.resolve("browser.log");
        Process process = new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        boolean ended = process.waitFor(BROWSER_SECONDS, TimeUnit.SECONDS);
        process.destroyForcibly();
        String text = Files.readString(log);
        assertThat(ended).as(text).isTrue();
        assertThat(process.exitValue()).as(text).isZero();
        return text;
    }

    private static Set<Integer> coloursIn(BufferedImage image) {
        Set<Integer> colours = new HashSet<>();
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                colours.add(image.getRGB(x, y));
            }
        }
        return colours;
    }

    /** Pixels that are not white between two rows. */
    private static int ink(BufferedImage image, int from, int to) {
        int ink = 0;
        for (int y = from; y < to; y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                ink += (image.getRGB(x, y) & 0xffffff) != 0xffffff ? 1 : 0;
            }
        }
        return ink;
    }
}
