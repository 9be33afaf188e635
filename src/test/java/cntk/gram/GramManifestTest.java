package cntk.gram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cntk.dataset.InputException;
import cntk.plan.KernelKind;
import cntk.plan.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GramManifestTest {
    @TempDir
    Path temporary;

    static GramManifest manifest() {
        return manifest("conv relu flatten dense", KernelKind.NTK, 500);
    }

    private static GramManifest manifest(String network, KernelKind kind, int trainCount) {
        return manifest(network, kind, trainCount, "sample");
    }

    private static GramManifest manifest(String network, KernelKind kind, int trainCount, String data) {
        return new GramManifest(
                network,
                "0123abcd",
                kind,
                "0123abcd",
                false,
                false,
                Precision.F64,
                "cpu",
                "aa",
                trainCount,
                "bb",
                250,
                "standard",
                "none",
                64,
                32,
                "0.1.0",
                data);
    }

    private Path run() {
        return temporary.resolve("runs/first");
    }

    @Test
    void aManifestWithoutWhatCameLaterMeansItsDefault() throws IOException {
        RunDirectory.open(run(), manifest()).close();
        Path file = run().resolve("manifest.json");
        String text = Files.readString(file);
        Files.writeString(
                file,
                text.replaceFirst("\\s*\"augmentation\" : \"none\",", "")
                        .replaceFirst("\\s*\"sweep\" : \"0123abcd\",", "")
                        .replaceFirst("\\s*\"flip\" : false,", "")
                        .replaceFirst("\\s*\"unit_diagonal\" : false,", ""));
        assertThat(Files.readString(file)).doesNotContain("augmentation", "sweep", "flip", "unit_diagonal");
        assertThat(GramManifest.read(run())).isEqualTo(manifest());
        RunDirectory.open(run(), manifest()).close();
    }

    @Test
    void storeElsewhereIsClaimedByOneRun() throws IOException {
        StoreFiles elsewhere = new LocalFiles(temporary.resolve("elsewhere"));
        elsewhere.create("zarr.json");
        manifest().claim(elsewhere);
        manifest("conv relu flatten dense", KernelKind.NTK, 500, "moved").claim(elsewhere);
        assertThatThrownBy(() ->
                        manifest("conv relu flatten dense", KernelKind.NTK, 400).claim(elsewhere))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll("elsewhere/manifest.json", "train_count: the store has 500", "wants 400");
    }

    @Test
    void theSameManifestOpensTheDirectoryAgain() {
        RunDirectory.open(run(), manifest()).close();
        try (RunDirectory again = RunDirectory.open(run(), manifest())) {
            assertThat(again.path()).isEqualTo(run());
        }
        assertThat(GramManifest.read(run())).isEqualTo(manifest());
    }

    @Test
    void movedImagesAreTheSameImages() {
        RunDirectory.open(run(), manifest()).close();
        RunDirectory.open(run(), manifest("conv relu flatten dense", KernelKind.NTK, 500, "/elsewhere"))
                .close();
        assertThat(GramManifest.read(run()).data()).isEqualTo("sample");
    }

    @Test
    void everyDifferenceIsNamed() {
        RunDirectory.open(run(), manifest()).close();
        assertThatThrownBy(() -> RunDirectory.open(run(), manifest("conv gap dense", KernelKind.NNGP, 499)))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll(
                        "manifest.json was made with other options",
                        "network: the store has conv relu flatten dense, this run wants conv gap dense",
                        "kind: the store has ntk, this run wants nngp",
                        "train_count: the store has 500, this run wants 499",
                        "hint: repeat those options to resume, or choose another --out")
                .hasMessageNotContaining("test_count");
        RunDirectory.open(run(), manifest()).close();
    }

    @Test
    void aForeignDirectoryIsRefusedAndLeftAsItIs() throws IOException {
        Files.createDirectories(run());
        Files.writeString(run().resolve("thesis.tex"), "years of work");
        assertThatThrownBy(() -> RunDirectory.open(run(), manifest()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("holds thesis.tex but no manifest.json");
        assertThat(run()).isDirectoryNotContaining(file -> !file.endsWith("thesis.tex"));
    }

    @Test
    void aDirectoryThatHoldsOnlyALockOrAnUnfinishedManifestIsTaken() throws IOException {
        Files.createDirectories(run());
        Files.writeString(run().resolve(".lock"), "1\n");
        Path leftover =
                Files.writeString(run().resolve(".manifest.json.01234567-89ab-cdef-0123-456789abcdef-0.tmp"), "{");
        RunDirectory.open(run(), manifest()).close();
        assertThat(leftover).doesNotExist();
        assertThat(GramManifest.read(run())).isEqualTo(manifest());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '#',
            value = {
                "{\"format\": 1, | is not JSON",
                "[1] | is not a manifest of this program",
                "{\"name\": \"left-pad\"} | format: found nothing, expected 1",
                "{\"format\": 2, \"engine_version\": \"9\"} | format: the store has 2, this run wants 1",
                "{\"format\": 1} | network: the store has nothing, this run wants conv",
            })
    void aCorruptOrForeignManifestIsRefused(String text, String message) throws IOException {
        Files.createDirectories(run());
        Files.writeString(run().resolve("manifest.json"), text);
        assertThatThrownBy(() -> RunDirectory.open(run(), manifest()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(message);
        assertThat(run().resolve("manifest.json")).hasContent(text);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '#',
            value = {
                "\"kind\" : \"ntk\" | \"kind\" : \"ridge\" | kind: found ridge, expected one of [ntk, nngp]",
                "\"train_count\" : 500 | \"train_count\" : \"many\" | train_count: found many, expected an integer",
                "\"format\" : 1 | \"format\" : 7 | format: found 7, expected 1",
                "\"backend\" | \"engine\" | backend: found nothing"
            })
    void anEditedManifestIsNotRead(String from, String to, String message) throws IOException {
        RunDirectory.open(run(), manifest()).close();
        Path file = run().resolve("manifest.json");
        Files.writeString(file, Files.readString(file).replace(from, to));
        assertThatThrownBy(() -> GramManifest.read(run()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(message);
    }

    @Test
    void aDirectoryWithoutManifestIsNotARun() {
        assertThatThrownBy(() -> GramManifest.read(temporary))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("is not a run directory");
    }

    @Test
    void twoRunsOfOneProcessCannotShareADirectory() {
        try (RunDirectory _ = RunDirectory.open(run(), manifest())) {
            assertThatThrownBy(() -> RunDirectory.open(run(), manifest()))
                    .isInstanceOf(InputException.class)
                    .hasMessageContainingAll("is in use by this process", "hint:");
            assertThatThrownBy(() -> RunDirectory.open(temporary.resolve("runs/../runs/first"), manifest()))
                    .isInstanceOf(InputException.class);
        }
        RunDirectory.open(run(), manifest()).close();
    }

    @Test
    void aFileInThePathIsNamed() throws IOException {
        Files.writeString(temporary.resolve("runs"), "a file");
        assertThatThrownBy(() -> RunDirectory.open(run(), manifest()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(temporary.resolve("runs") + " is a file");
    }
}
