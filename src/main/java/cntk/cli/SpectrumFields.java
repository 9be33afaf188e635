package cntk.cli;

import cntk.plan.Precision;
import cntk.solve.Spectrum;
import cntk.solve.SpectrumCache;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What every command that factorises says about the factorisation. */
final class SpectrumFields {
    private SpectrumFields() {}

    static void put(Map<String, Object> fields, KernelData data, SpectrumCache.Outcome outcome) {
        Spectrum spectrum = outcome.spectrum();
        fields.put("train", spectrum.size());
        fields.put("test", data.cross().map(cross -> cross.rows()).orElse(0));
        fields.put("largest_eigenvalue", spectrum.largest());
        fields.put("smallest_eigenvalue", spectrum.smallest());
        fields.put("rounding_floor", spectrum.roundingFloor());
        fields.put("directions_below_floor", spectrum.countUpTo(spectrum.roundingFloor()));
        fields.put("directions_below_eps", spectrum.countUpTo(Math.ulp(1.0) * spectrum.largest()));
        fields.put("mean_diagonal", spectrum.meanDiagonal());
        fields.put("factorisation_found", outcome.found());
        fields.put("factorisation_by", outcome.solver());
        fields.put("factorisation_seconds", outcome.seconds());
    }

    /** @param shift that is added to the diagonal */
    static List<String> warnings(KernelData data, Spectrum spectrum, double shift) {
        List<String> warnings = new ArrayList<>();
        int below = spectrum.countUpTo(spectrum.roundingFloor());
        if (below > 0) {
            warnings.add(String.format(
                    Locale.ROOT,
                    "%d of %d eigenvalues are not above the rounding floor %.2g: these directions are noise in double precision",
                    below,
                    spectrum.size(),
                    spectrum.roundingFloor()));
        }
        double entries = Math.ulp(1.0f) * spectrum.meanDiagonal();
        if (data.precision() == Precision.F32 && spectrum.smallest() + shift < entries) {
            warnings.add(String.format(
                    Locale.ROOT,
                    "the kernel is stored as float32, whose rounding of about %.1g an entry exceeds the smallest eigenvalue %.1g",
                    entries,
                    spectrum.smallest() + shift));
        }
        return List.copyOf(warnings);
    }
}
