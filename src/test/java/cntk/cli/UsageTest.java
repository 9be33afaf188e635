package cntk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UsageTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "run",
                "plan",
                "kernel",
                "data",
                "data cifar10",
                "data info",
                "arch",
                "verify",
                "fit",
                "dynamics",
                "spectrum",
                "posterior",
                "learning-curve",
                "export",
                "compare",
                "report",
                "finite",
                "bench",
                "bench kernel",
                "bench gpu"
            })
    void everyCommandHasHelp(String command) {
        CommandRun help = CommandRun.of((command + " --help").strip().split(" "));
        assertThat(help.code()).isZero();
        assertThat(help.out()).contains("Usage: cntk").contains("--version", "Exit codes:", command);
        assertThat(help.out().lines()).allMatch(line -> line.length() <= 80);
        assertThat(help.err()).isEmpty();
    }

    @Test
    void versionIsOneLine() {
        CommandRun version = CommandRun.of("--version");
        assertThat(version.code()).isZero();
        assertThat(version.out()).startsWith("cntk ").hasLineCount(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "run --trian 5 | unknown option '--trian' | did you mean '--train'? cntk run --help",
                "run --trian=5 | unknown option '--trian' | did you mean '--train'?",
                "rnu | 'rnu' is not a command | did you mean 'run'? cntk --help",
                "data inof | 'inof' is not a command | did you mean 'info'? cntk data --help",
                "run extra | unexpected argument 'extra' | hint: cntk run --help",
                "run --kind mtk | '--kind': expected ntk, nngp, but was 'mtk' | hint:",
                "run --precision f16 | expected auto, f32, f64, but was 'f16' | hint:",
                "run --backend gpu | expected auto, cpu, cuda, oracle, but was 'gpu' | hint:",
                "run --normalize pca | but was 'pca' | hint:",
                "run --train many | 'many' is not an int | hint:",
                "run --ridge | missing required parameter | hint:",
                "kernel --x x.npy | missing required options: '--arch=NETWORK', '--out=K.npy' | hint:",
                "arch | the network is missing | hint:",
                "arch relu --shape 3x32 | such as 3x32x32, but was '3x32' | hint:",
                "arch relu --shape 3x0x32 | has an empty axis | hint:",
                "data cifar10 | missing required option: '--to=DIR' | hint:",
                "verify | missing required option: '--run=DIR' | hint:",
            })
    void wrongUsageIsSaidInOneLineWithAHint(String words, String message, String hint) {
        CommandRun run = CommandRun.of(words.split(" "));
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).startsWith("cntk: ").contains(message, hint).hasLineCount(2);
        assertThat(run.out()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "run --train 0 | --train is 0, expected at least 1",
                "run --train 501 | 501 images of cifar10-sample/train were asked for, but it has 1..500 to give",
                "run --test -1 | --test is -1, expected at least 1",
                "run --ridge -1 | --ridge is -1.0, expected a finite number from 0 up",
                "run --ridge NaN | --ridge is NaN",
                "run --threads 0 | --threads is 0, expected at least 1",
                "run --data nowhere | nowhere does not exist",
                "run --arch nowhere.json | nowhere.json",
                "arch conv rellu gap dense | did you mean 'relu'?",
                "data info nowhere | nowhere does not exist",
                "verify --run nowhere | nowhere is not a run directory",
                "verify --run nowhere --samples 0 | --samples is 0",
            })
    void wrongValuesAreBadInput(String words, String message) {
        CommandRun run = CommandRun.of(words.split(" "));
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).startsWith("cntk: ").contains(message).doesNotContain("\tat ");
        assertThat(run.out()).isEmpty();
    }

    @Test
    void withoutACommandTheUsageIsShown() {
        CommandRun run = CommandRun.of();
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("a command is missing", "kernel");
    }

    @Test
    void debugShowsWhereAnErrorComesFrom() {
        CommandRun run = CommandRun.of("run", "--debug", "--data", "nowhere");
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("\tat cntk.", "cntk: nowhere does not exist");
    }
}
