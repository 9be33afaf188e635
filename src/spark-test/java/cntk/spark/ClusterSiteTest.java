package cntk.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cntk.arch.ArchitectureParser;
import cntk.arch.Network;
import cntk.backend.BackendUnavailableException;
import cntk.backend.Backends.Choice;
import cntk.backend.DeviceSet;
import cntk.dataset.ImageShape;
import cntk.dataset.InputException;
import cntk.plan.KernelKind;
import cntk.plan.KernelTask;
import cntk.plan.Precision;
import java.util.List;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClusterSiteTest {
    private static final ImageShape SHAPE = new ImageShape(3, 8, 8);

    private static ClusterDevices choose(Choice backend, int gpus) {
        SparkConf conf = new SparkConf(false);
        if (gpus > 0) {
            conf.set("spark.executor.resource.gpu.amount", Integer.toString(gpus));
        }
        return ClusterSite.choose(conf, backend, Optional.empty()).kernel();
    }

    @Test
    void autoTakesTheGpusThatSparkHandsOut() {
        assertThat(choose(Choice.AUTO, 2).backend()).isEqualTo("cuda");
        assertThat(choose(Choice.AUTO, 2).reason()).contains("amount is 2");
        assertThat(choose(Choice.AUTO, 0).backend()).isEqualTo("cpu");
        assertThat(choose(Choice.CPU, 2).backend()).isEqualTo("cpu");
        assertThat(choose(Choice.ORACLE, 0).backend()).isEqualTo("oracle");
    }

    @Test
    void cudaWithoutGpusIsRefusedWithTheSetting() {
        assertThatThrownBy(() -> choose(Choice.CUDA, 0))
                .isInstanceOf(BackendUnavailableException.class)
                .hasMessageContaining("--conf spark.executor.resource.gpu.amount=1");
    }

    @Test
    void devicesOfOneMachineAreRefused() {
        assertThatThrownBy(() -> ClusterSite.choose(new SparkConf(false), Choice.AUTO, Optional.of("0,1")))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("0,1");
    }

    @Test
    void tilesAreThoseOfOneMachine() {
        Network network = ArchitectureParser.network("cntk(depth=3)", SHAPE);
        for (Precision precision : Precision.values()) {
            assertThat(choose(Choice.CPU, 0).nanosPerPair(network, precision))
                    .isEqualTo(DeviceSet.of(Choice.CPU).nanosPerPair(network, precision));
            assertThat(choose(Choice.ORACLE, 0).nanosPerPair(network, precision))
                    .isEqualTo(DeviceSet.of(Choice.ORACLE).nanosPerPair(network, precision));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cntk(depth=5,readout=gap)",
                "cntk(depth=4,readout=flatten)",
                "enhanced(depth=4,c=2)",
                "myrtle5",
                "resnet(blocks=1)",
                "conv(k=3,w=1.2345678901234567,b=0.1) leakyrelu(0.2) flatten dense(w=0.3,train=false)"
            })
    void taskArrivesAsItWas(String text) {
        ImageShape shape = text.equals("myrtle5") ? new ImageShape(3, 32, 32) : SHAPE;
        Network network = ArchitectureParser.network(text, shape);
        KernelTask task = new KernelTask(List.of(network, network), KernelKind.NTK, false, true);
        KernelTask arrived = TaskRecipe.of(task, Precision.F32, Choice.CPU).task();
        assertThat(arrived.networks()).hasSize(2);
        assertThat(arrived.networks().getFirst().layers()).isEqualTo(network.layers());
        assertThat(arrived.input()).isEqualTo(shape);
        assertThat(arrived.unitDiagonal()).isTrue();
        assertThat(arrived.flip()).isFalse();
    }
}
