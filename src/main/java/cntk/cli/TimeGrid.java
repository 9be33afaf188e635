package cntk.cli;

import cntk.dataset.InputException;
import java.util.ArrayList;
import java.util.List;

/** The times of {@code --times}: numbers, {@code inf} and {@code log:FROM:TO:COUNT}, separated by commas. */
final class TimeGrid {
    private static final int MAX_COUNT = 100_000;

    private TimeGrid() {}

    /**
     * Reads the times, in their order.
     *
     * @throws InputException naming the first that is no number from 0 up
     */
    static double[] parse(String text) {
        List<Double> times = new ArrayList<>();
        for (String word : text.split(",", -1)) {
            if (word.startsWith("log:")) {
                times.addAll(log(word));
            } else {
                times.add(number(word));
            }
        }
        return times.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static List<Double> log(String word) {
        String[] parts = word.split(":", -1);
        double from = parts.length == 4 ? number(parts[1]) : 0;
        double to = parts.length == 4 ? number(parts[2]) : 0;
        double count = parts.length == 4 ? number(parts[3]) : 0;
        boolean range = from > 0 && to >= from && Double.isFinite(to);
        if (!range || count < 1 || count > MAX_COUNT || count != Math.rint(count)) {
            throw new InputException("--times has '" + word
                    + "', expected log:FROM:TO:COUNT with 0 < FROM <= TO, such as log:1e-2:1e6:60");
        }
        int last = (int) count - 1;
        List<Double> times = new ArrayList<>();
        for (int at = 0; at < last; at++) {
            times.add(from * Math.pow(to / from, (double) at / last));
        }
        times.add(last == 0 ? from : to); // without the rounding of the power
        return times;
    }

    private static double number(String word) {
        if (word.equals("inf")) {
            return Double.POSITIVE_INFINITY;
        }
        try {
            double time = Double.parseDouble(word);
            if (time >= 0) {
                return time;
            }
        } catch (NumberFormatException e) {
            throw new InputException(message(word), e);
        }
        throw new InputException(message(word));
    }

    private static String message(String word) {
        return "--times has '" + word + "', expected numbers from 0 up, inf or log:FROM:TO:COUNT, separated by commas";
    }
}
