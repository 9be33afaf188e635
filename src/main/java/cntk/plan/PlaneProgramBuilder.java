package cntk.plan;

import cntk.arch.Extent;
import cntk.arch.Layer;
import cntk.arch.Network;
import cntk.arch.Padding;
import cntk.arch.Readout;
import cntk.arch.Window;
import java.util.ArrayList;
import java.util.List;

/** Walks the layers once, carrying the unit and a bound on S; then finds backwards which planes are needed. */
final class PlaneProgramBuilder {
    private static final int NOWHERE = -1;

    private final List<Network> networks;
    private final Precision precision;
    private final int inputExponent;
    private final List<Draft> drafts = new ArrayList<>();
    private final List<Exchange> tensors = new ArrayList<>();
    private final List<PlaneReadout> readouts = new ArrayList<>();
    private int current; // segment that steps are added to
    private int landing = NOWHERE; // segment in which a shortcut has to end
    private int landingDepth;
    private Extent extent;
    private double unit;
    private double bits; // log2 of a bound on S
    private boolean first = true;

    PlaneProgramBuilder(List<Network> networks, Precision precision, int inputExponent) {
        this.networks = List.copyOf(networks);
        this.precision = precision;
        this.inputExponent = inputExponent;
        this.extent = Extent.of(networks.getFirst().input());
        this.unit = Math.scalb(1.0 / networks.getFirst().input().channels(), -2 * inputExponent);
    }

    /** Steps of a segment before it is known which planes it computes. */
    private record Draft(Extent extent, List<PlaneStep> steps) {}

    PlaneProgram build() {
        SharedLayers shared = SharedLayers.of(networks);
        List<Layer> layers = shared.layers();
        drafts.add(new Draft(extent, new ArrayList<>()));
        steps().add(new PlaneStep.Input());
        int done = 0;
        for (List<SharedLayers.Exit> exits : shared.exits()) {
            int end = exits.getFirst().after();
            if (partsFusedStep(layers, done, end)) {
                add(layers.subList(done, end - 1), 0);
                done = end - 1;
                readInPassing(layers.get(done), exits);
            } else {
                add(layers.subList(done, end), 0);
                done = end;
                read(exits);
            }
        }
        boolean frozenFirst = !layers.isEmpty() && layers.getFirst() instanceof Layer.Conv conv && !conv.train();
        return new PlaneProgram(segments(), tensors, readouts, inputExponent, !frozenFirst);
    }

    private void read(List<SharedLayers.Exit> exits) {
        steps().add(new PlaneStep.Read(readouts.size(), readouts.size() + exits.size()));
        exits.forEach(exit -> readouts.add(readout(exit)));
    }

    /** Whether a network ends between a convolution and a ReLU that are one step for those that go on. */
    private static boolean partsFusedStep(List<Layer> layers, int begin, int end) {
        return end > begin
                && end < layers.size()
                && layers.get(end) instanceof Layer.Relu
                && layers.get(end - 1) instanceof Layer.Conv conv
                && samePixels(conv);
    }

    /** Goes through the convolution for a readout, then back: a step in one pass rounds otherwise than one in two. */
    private void readInPassing(Layer conv, List<SharedLayers.Exit> exits) {
        boolean before = first;
        State parting = state();
        steps().add(new PlaneStep.Save(0));
        add(List.of(conv), 0);
        read(exits);
        steps().add(new PlaneStep.Restore(0));
        go(parting);
        first = before;
    }

    private void add(List<Layer> layers, int depth) {
        for (int index = 0; index < layers.size(); index++) {
            switch (layers.get(index)) {
                case Layer.Conv conv -> {
                    boolean relu = index + 1 < layers.size() && layers.get(index + 1) instanceof Layer.Relu;
                    index += convolve(conv, relu) ? 1 : 0;
                }
                case Layer.Nonlinearity function -> apply(function);
                case Layer.Pooling pool -> {
                    Window window = pool.window();
                    exchange(AxisMap.pool(window, extent.height()), AxisMap.pool(window, extent.width()));
                    unit /= Math.pow(window.k(), 4);
                    bits += 4 * log2(window.k());
                }
                case Layer.Residual residual -> residual(residual, depth);
                case Layer.Flatten(), Layer.GlobalAveragePool(), Layer.Dense _ ->
                    throw new IllegalStateException("layer " + layers.get(index) + " has no place on a plane");
            }
            first = false;
        }
    }

    /** Whether the ReLU behind the convolution is part of the step. */
    private boolean convolve(Layer.Conv conv, boolean relu) {
        double weight = conv.weightStd() * conv.weightStd() / (conv.k() * conv.k());
        double variance = conv.biasStd() * conv.biasStd();
        if (weight == 0) { // what was is forgotten: K = b^2
            steps().add(new PlaneStep.Scale(0));
            unit = variance > 0 ? variance : 1;
            bits = 0;
        } else {
            unit *= weight;
        }
        double grown = bits + 2 * log2(conv.k());
        fit(Math.max(grown, variance > 0 ? log2(variance) - log2(unit) : grown) + 1);
        PlaneStep.Conv step = new PlaneStep.Conv(
                conv.radius(),
                conv.padding() == Padding.CIRCULAR,
                conv.train(),
                first,
                variance > 0 ? variance / unit : 0);
        if (relu && samePixels(conv)) {
            steps().add(new PlaneStep.ConvRelu(step));
            unit /= 2;
            return true;
        }
        steps().add(step);
        if (!samePixels(conv)) {
            Window window = conv.window();
            exchange(AxisMap.middles(window, extent.height()), AxisMap.middles(window, extent.width()));
        }
        return false;
    }

    private static boolean samePixels(Layer.Conv conv) {
        return conv.stride() == 1 && conv.padding() != Padding.VALID;
    }

    /** Brings a state that may reach 2^needed back into range, before the step that would lift it there. */
    private void fit(double needed) {
        fit(needed, mostBits());
    }

    /** The same where the step takes squares: products of two numbers up to 2^most fit the type with room to spare. */
    private void fit(double needed, int most) {
        bits = needed;
        if (needed > most) {
            int shift = (int) Math.ceil(needed) - 1;
            steps().add(new PlaneStep.Scale(Math.scalb(1.0, -shift)));
            unit = Math.scalb(unit, shift);
            bits -= shift;
        }
    }

    /** log2 of the largest S allowed: T~ and products of three such numbers still fit the type. */
    private int mostBits() {
        return switch (precision) {
            case F32 -> 60;
            case F64 -> 480;
        };
    }

    private void apply(Layer.Nonlinearity function) {
        switch (function) {
            case Layer.Relu() -> {
                steps().add(new PlaneStep.Relu());
                unit /= 2;
            }
            case Layer.Identity() -> {}
            case Layer.LeakyRelu(double a) -> kink(function, a);
            case Layer.Abs() -> kink(function, -1);
            case Layer.Gaussian _ -> steps().add(new PlaneStep.Nonlinear(function, unit, unit));
            case Layer.Gelu() -> {
                fit(bits, mostBits() / 2);
                steps().add(new PlaneStep.Nonlinear(function, unit, unit)); // K grows no faster than q
            }
            case Layer.Erf(), Layer.Sin(), Layer.Rbf _, Layer.ReluProject() -> {
                fit(bits, mostBits() / 2);
                steps().add(new PlaneStep.Nonlinear(function, unit, 1)); // K is at most 1
                unit = 1;
                bits = 1;
            }
        }
    }

    /** A leaky ReLU: E[phi(u)^2] = (1 + a^2)/2 q goes into the unit, so that S passes equal pixels unchanged. */
    private void kink(Layer.Nonlinearity function, double a) {
        double after = unit * (1 + a * a) / 2;
        steps().add(new PlaneStep.Nonlinear(function, unit, after));
        unit = after;
    }

    /**
     * Both ways through a residual layer, one after the other. Where one of them changes the segment, the other is run from what
     * was set aside at the parting. If its planes meet at most once, its tensor is loaded beside the first way; else it takes
     * segments of its own, and the first way is loaded beside it.
     */
    private void residual(Layer.Residual residual, int depth) {
        boolean branchMoves = Layer.all(residual.branch()).anyMatch(PlaneProgramBuilder::movesPixels);
        List<Layer> one = branchMoves ? residual.branch() : residual.shortcut();
        List<Layer> other = branchMoves ? residual.shortcut() : residual.branch();
        first = false;
        State parting = state();
        steps().add(new PlaneStep.Save(depth));
        add(one, depth + 1);
        State meeting = state();
        if (parting.current() == meeting.current()) {
            if (!other.isEmpty()) {
                steps().add(new PlaneStep.Save(depth + 1));
                steps().add(new PlaneStep.Restore(depth));
                go(parting);
                add(other, depth + 2);
                join(depth + 1, meeting);
            } else {
                join(depth, parting);
            }
            return;
        }
        go(parting);
        steps().add(new PlaneStep.Restore(depth));
        if (moves(other) <= 1) {
            land(meeting.current(), depth, other);
            join(depth, meeting);
        } else {
            add(other, depth + 1);
            bring(meeting, depth);
        }
    }

    /** Sends the first way to where the second has ended, a segment later still, and adds the two there. */
    private void bring(State way, int depth) {
        State here = state();
        int tensor = tensors.size();
        drafts.get(way.current()).steps().add(new PlaneStep.Send(tensor));
        AxisMap rows = AxisMap.identity(extent.height());
        tensors.add(new Exchange(way.current(), current, rows, AxisMap.identity(extent.width())));
        steps().add(new PlaneStep.Save(depth));
        steps().add(new PlaneStep.Load(tensor));
        unit = way.unit();
        bits = way.bits();
        join(depth, here);
    }

    /** How many times one after the other planes meet on the way through the layers. */
    private static int moves(List<Layer> layers) {
        return layers.stream()
                .mapToInt(layer -> layer instanceof Layer.Residual(List<Layer> branch, List<Layer> shortcut)
                        ? Math.max(moves(branch), moves(shortcut))
                        : movesPixels(layer) ? 1 : 0)
                .sum();
    }

    /** Runs the second way from the segment of the parting to {@code segment}, where the result of the first is set aside. */
    private void land(int segment, int depth, List<Layer> layers) {
        int outerLanding = landing;
        int outerDepth = landingDepth;
        landing = segment;
        landingDepth = depth;
        add(layers, depth + 1);
        if (current != segment) {
            exchange(AxisMap.identity(extent.height()), AxisMap.identity(extent.width()));
        }
        landing = outerLanding;
        landingDepth = outerDepth;
    }

    /** Adds what was set aside to the state, each in its unit. */
    private void join(int depth, State aside) {
        double factor = aside.unit() / unit;
        steps().add(new PlaneStep.AddSaved(depth, factor));
        fit(Math.max(bits, aside.bits() + log2(factor)) + 1);
    }

    /** Where the walk stands. */
    private record State(int current, Extent extent, double unit, double bits) {}

    private State state() {
        return new State(current, extent, unit, bits);
    }

    private void go(State state) {
        current = state.current();
        extent = state.extent();
        unit = state.unit();
        bits = state.bits();
    }

    private static boolean movesPixels(Layer layer) {
        return layer instanceof Layer.Pooling
                || (layer instanceof Layer.Conv conv && (conv.stride() > 1 || conv.padding() == Padding.VALID));
    }

    private void exchange(AxisMap rows, AxisMap cols) {
        int tensor = tensors.size();
        steps().add(new PlaneStep.Send(tensor));
        extent = new Extent(rows.coarse(), cols.coarse());
        if (landing == NOWHERE) {
            drafts.add(new Draft(extent, new ArrayList<>()));
            tensors.add(new Exchange(current, drafts.size() - 1, rows, cols));
            current = drafts.size() - 1;
        } else {
            tensors.add(new Exchange(current, landing, rows, cols));
            current = landing;
            steps().add(new PlaneStep.Save(landingDepth));
        }
        steps().add(new PlaneStep.Load(tensor));
    }

    private List<PlaneStep> steps() {
        return drafts.get(current).steps();
    }

    /** The readout and the pooling layers before it, from the back. */
    private PlaneReadout readout(SharedLayers.Exit exit) {
        List<AxisMap> rows = new ArrayList<>();
        List<AxisMap> cols = new ArrayList<>();
        Extent end = extent;
        double mean = unit;
        for (Layer.Pooling pool : exit.pools()) {
            Window window = pool.window();
            rows.add(AxisMap.pool(window, end.height()));
            cols.add(AxisMap.pool(window, end.width()));
            end = new Extent(rows.getLast().coarse(), cols.getLast().coarse());
            mean /= Math.pow(window.k(), 4);
        }
        boolean trace = networks.get(exit.network()).readout() == Readout.FLATTEN;
        double[][] rowWeights = trace ? ReadoutWeights.trace(end.height()) : ReadoutWeights.all(end.height());
        double[][] colWeights = trace ? ReadoutWeights.trace(end.width()) : ReadoutWeights.all(end.width());
        mean /= trace ? end.pixels() : (double) end.pixels() * end.pixels();
        for (int index = rows.size() - 1; index >= 0; index--) {
            rowWeights = rows.get(index).pullBack(rowWeights);
            colWeights = cols.get(index).pullBack(colWeights);
        }
        return new PlaneReadout(exit.network(), current, new ReadoutWeights(rowWeights, colWeights), mean);
    }

    private List<Segment> segments() {
        List<Segment> segments = new ArrayList<>();
        int activations = 0;
        boolean[][] rows = new boolean[drafts.size()][];
        boolean[][] cols = new boolean[drafts.size()][];
        for (int index = drafts.size() - 1; index >= 0; index--) {
            rows[index] = new boolean[drafts.get(index).extent().height()];
            cols[index] = new boolean[drafts.get(index).extent().width()];
            for (PlaneReadout readout : readouts) {
                if (readout.segment() == index) {
                    merge(rows[index], readout.weights().rowDisplacements());
                    merge(cols[index], readout.weights().colDisplacements());
                }
            }
            for (Exchange tensor : tensors) {
                if (tensor.from() == index) {
                    merge(rows[index], tensor.rows().needed(rows[tensor.to()]));
                    merge(cols[index], tensor.cols().needed(cols[tensor.to()]));
                }
            }
        }
        for (int index = 0; index < drafts.size(); index++) {
            Draft draft = drafts.get(index);
            Segment segment = new Segment(
                    draft.extent().height(),
                    draft.extent().width(),
                    rows[index],
                    cols[index],
                    draft.steps(),
                    activations);
            segments.add(segment);
            activations += segment.activations();
        }
        return segments;
    }

    private static void merge(boolean[] into, boolean[] more) {
        for (int d = 0; d < into.length; d++) {
            into[d] |= more[d];
        }
    }

    private static double log2(double x) {
        return Math.log(x) / Math.log(2);
    }
}
