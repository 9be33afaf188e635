package cntk.cli;

import cntk.dataset.ByteImages;
import cntk.dataset.Labels;
import cntk.report.Evaluation;
import cntk.report.Pictures;
import cntk.report.PredictionsCsv;
import cntk.report.ReportPage;
import cntk.report.RunRecord;
import cntk.solve.Predictions;
import cntk.solve.SolverChoice;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** Makes {@code report.html} out of the directory of a finished run. */
final class ReportJob {
    static final String FILE_NAME = "report.html";
    private static final int WRONG_IMAGES = 16;

    private final KernelData data;
    private final RunRecord record;
    private final Predictions predictions;
    private final int threads;
    private final PrintWriter err;

    private ReportJob(KernelData data, RunRecord record, Predictions predictions, int threads, PrintWriter err) {
        this.data = data;
        this.record = record;
        this.predictions = predictions;
        this.threads = threads;
        this.err = err;
    }

    /**
     * Writes the page.
     *
     * @param movedData where the images are now; empty if they stayed where they were
     * @param largest training images up to which the figures of an eigendecomposition are made, unless it is kept already
     * @return the file
     */
    static Path write(Path directory, String movedData, int largest, int threads, PrintWriter err) {
        try (KernelData data = RunInput.open(directory, movedData, null, SolverChoice.AUTO)) {
            RunRecord record = RunRecord.read(directory.resolve(RunFolders.RECORD));
            double[][] scores = PredictionsCsv.scores(directory.resolve(RunFolders.PREDICTIONS));
            Predictions predictions = Predictions.of(
                    scores[0].length,
                    Arrays.stream(scores).flatMapToDouble(Arrays::stream).toArray());
            Path file = directory.resolve(FILE_NAME);
            String place =
                    movedData.isEmpty() ? data.run().orElseThrow().manifest().data() : movedData;
            new ReportJob(data, record, predictions, threads, err)
                    .page(place, largest)
                    .write(file);
            return file;
        }
    }

    private ReportPage page(String images, int largest) {
        Labels labels = data.testLabels();
        Evaluation evaluation = Evaluation.of(predictions, labels);
        ReportPage page = new ReportPage("CNTK run: " + record.data().getLast().name());
        page.headline(record.network().text(), evaluation.overall(), facts());
        page.section("What was taken for what").confusion(evaluation);
        page.section("Most confidently wrong")
                .pictures("wrong", wrong(DataLocation.read(images).test(), labels));
        page.section("The kernel");
        page.heatMap(
                "gram",
                ClassHeatMap.of(data.kernel(), data.labels()),
                "Training kernel as correlations, images in the order of their classes (" + classes()
                        + "), light is alike");
        new ReportFigures(data, threads, err).addTo(page, ridge(), largest);
        page.section("Time").timings(record.stages());
        page.section("Repeat it").command(command());
        page.facts(provenance());
        return page;
    }

    private double ridge() {
        return record.options().get("ridge") instanceof Number number ? number.doubleValue() : 0;
    }

    private String classes() {
        return String.join(", ", data.labels().classNames());
    }

    private List<List<String>> facts() {
        List<List<String>> facts = new ArrayList<>();
        for (RunRecord.Data set : record.data()) {
            facts.add(List.of(
                    set.role(),
                    String.format(Locale.ROOT, "%,d images of %s, %s", set.images(), set.shape(), set.name())));
        }
        facts.add(List.of(
                "kernel",
                result("kind") + " in " + result("precision") + ", "
                        + record.backend().description()));
        facts.add(List.of("ridge", String.valueOf(record.options().get("ridge"))));
        facts.add(List.of("condition", result("condition")));
        facts.add(List.of(
                "images are",
                record.options().get("normalize") + ", augmentation "
                        + record.options().get("augment")));
        facts.add(List.of("network id", record.network().id()));
        return facts;
    }

    private String result(String name) {
        return record.results().get(name) instanceof Double number
                ? String.format(Locale.ROOT, "%.3g", number)
                : String.valueOf(record.results().get(name));
    }

    private List<List<String>> provenance() {
        List<List<String>> facts = new ArrayList<>();
        facts.add(List.of("started", record.startedAt()));
        facts.add(List.of("finished", record.finishedAt()));
        facts.add(List.of(
                "machine", record.machine().cpu() + ", " + record.machine().processors() + " processors"));
        record.versions().forEach((name, version) -> facts.add(List.of(name, version)));
        record.data().forEach(set -> facts.add(List.of(set.role() + " SHA-256", set.sha256())));
        return facts;
    }

    private String command() {
        List<String> words =
                record.commandLine().stream().map(ShellWord::quoted).toList();
        return "./cntk " + String.join(" ", words);
    }

    /** Wrong ones with the largest lead of the predicted class over the label. */
    private List<ReportPage.Captioned> wrong(ByteImages images, Labels labels) {
        List<Integer> worst = IntStream.range(0, predictions.count())
                .filter(image -> predictions.predicted(image) != labels.of(image))
                .boxed()
                .sorted(Comparator.comparingDouble(image -> -lead(image, labels)))
                .limit(WRONG_IMAGES)
                .toList();
        List<ReportPage.Captioned> pictures = new ArrayList<>();
        for (int image : worst) {
            pictures.add(new ReportPage.Captioned(
                    Pictures.of(images, image),
                    String.format(
                            Locale.ROOT,
                            "%s, said %s (+%.2f)",
                            labels.classNames().get(labels.of(image)),
                            labels.classNames().get(predictions.predicted(image)),
                            lead(image, labels))));
        }
        return pictures;
    }

    private double lead(int image, Labels labels) {
        return predictions.score(image, predictions.predicted(image)) - predictions.score(image, labels.of(image));
    }
}
