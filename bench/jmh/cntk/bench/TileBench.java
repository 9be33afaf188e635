package cntk.bench;

import cntk.arch.ArchitectureParser;
import cntk.arch.Network;
import cntk.backend.TileBackend;
import cntk.backend.cpu.CpuBackend;
import cntk.dataset.ImageSet;
import cntk.dataset.ImageShape;
import cntk.plan.KernelKind;
import cntk.plan.KernelTask;
import cntk.plan.Precision;
import cntk.plan.Tile;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** One tile of the CPU backend on one thread, tables and factors included. Row: tile/cpu/network/shape/precision. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(
        value = 1,
        jvmArgsAppend = {
            "--add-modules=jdk.incubator.vector",
            "-XX:ObjectAlignmentInBytes=64",
            "-XX:+UseParallelGC",
            "-XX:+UseTransparentHugePages"
        })
public class TileBench {
    /** Network, shape and images per side: gap tiles of 4 x 4 pairs, flatten tiles of 128 x 128. */
    @Param({
        "cntk(depth=11,readout=gap);3x32x32;4",
        "cntk(depth=11,readout=gap);3x28x28;4",
        "cntk(depth=11,readout=gap);3x33x33;4",
        "cntk(depth=21,readout=flatten);3x32x32;128",
        "cntk(depth=6,readout=flatten);3x32x32;128"
    })
    public String tile;

    @Param({"F32", "F64"})
    public Precision precision;

    private TileBackend worker;
    private Tile block;
    private double[] out;

    @Setup
    public void open() {
        String[] parts = tile.split(";", -1);
        String[] sides = parts[1].split("x", -1);
        ImageShape shape =
                new ImageShape(Integer.parseInt(sides[0]), Integer.parseInt(sides[1]), Integer.parseInt(sides[2]));
        int images = Integer.parseInt(parts[2]);
        Network network = ArchitectureParser.network(parts[0], shape);
        ImageSet rows = noise("rows", shape, images, 1);
        ImageSet cols = noise("cols", shape, images, 2);
        worker = new CpuBackend(KernelTask.of(network, KernelKind.NTK), precision, 1)
                .open(rows, cols)
                .getFirst();
        block = new Tile(0, 0, 0, images, 0, images);
        out = new double[block.entries()];
    }

    @Benchmark
    public double[] compute() throws InterruptedException {
        worker.compute(block, out);
        return out;
    }

    private static ImageSet noise(String name, ImageShape shape, int count, long seed) {
        Random random = new Random(seed);
        double[][] values = new double[count][shape.values()];
        for (double[] image : values) {
            double level = random.nextGaussian();
            for (int at = 0; at < image.length; at++) {
                image[at] = level + 0.3 * random.nextGaussian();
            }
        }
        return ImageSet.ofValues(name, shape, values);
    }
}
