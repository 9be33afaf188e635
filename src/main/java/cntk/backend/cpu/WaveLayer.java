package cntk.backend.cpu;

import cntk.plan.Precision;
import cntk.plan.Segment;

/** What one layer needs while it runs: its rows, its factors, and a copy of those of image a next to the planes. */
final class WaveLayer {
    final RowPlan plan;
    final PlaneRows.Factors factors;
    final Cells imageFactors;

    WaveLayer(Segment segment, Precision precision, Cells none) {
        this.plan = new RowPlan(segment.height());
        this.factors = new PlaneRows.Factors(none);
        this.imageFactors = Cells.of(precision, 2 * segment.height() * segment.width());
    }
}
