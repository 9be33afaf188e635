package cntk.plan;

import cntk.arch.Window;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How the rows (or columns) of a fine image make those of a coarse one: coarse row I is a sum over {@code members[I]}. Both
 * images of a pair are mapped alike, so a fine entry (i, i') goes to every coarse entry (I, I') of which both are members;
 * maths.md eq. 31.
 */
public final class AxisMap {
    private final int fine;
    private final int[][] members;
    private final int[][] containers;

    private AxisMap(int fine, int[][] members) {
        this.fine = fine;
        this.members = members;
        this.containers = containers(fine, members);
    }

    /** Sums over pooling windows. */
    public static AxisMap pool(Window window, int fine) {
        return of(window, fine, 0, window.k());
    }

    /** The middles of the windows of a convolution: what its stride and its padding leave of a result at every pixel. */
    public static AxisMap middles(Window window, int fine) {
        return of(window, fine, window.k() / 2, window.k() / 2 + 1);
    }

    /** Every pixel stays where it is. */
    public static AxisMap identity(int side) {
        int[][] members = new int[side][];
        Arrays.setAll(members, i -> new int[] {i});
        return new AxisMap(side, members);
    }

    private static AxisMap of(Window window, int fine, int firstPlace, int endPlace) {
        int[][] members = new int[window.positions(fine)][];
        for (int position = 0; position < members.length; position++) {
            List<Integer> pixels = new ArrayList<>();
            for (int place = firstPlace; place < endPlace; place++) {
                int pixel = window.pixel(fine, position, place);
                if (pixel >= 0) {
                    pixels.add(pixel);
                }
            }
            members[position] = pixels.stream().mapToInt(Integer::intValue).toArray();
        }
        return new AxisMap(fine, members);
    }

    private static int[][] containers(int fine, int[][] members) {
        List<List<Integer>> lists = new ArrayList<>();
        for (int i = 0; i < fine; i++) {
            lists.add(new ArrayList<>());
        }
        for (int position = 0; position < members.length; position++) {
            for (int pixel : members[position]) {
                lists.get(pixel).add(position);
            }
        }
        return lists.stream()
                .map(list -> list.stream().mapToInt(Integer::intValue).toArray())
                .toArray(int[][]::new);
    }

    public int fine() {
        return fine;
    }

    public int coarse() {
        return members.length;
    }

    /** The fine rows that make coarse row {@code position}, ascending where they do not wrap; not to be changed. */
    public int[] members(int position) {
        return members[position];
    }

    /**
     * Where the entries of fine displacement {@code d} (torus) go: triples {i, I, A}, i the fine row of the first image, I the
     * coarse one, A = (I - I') mod coarse the coarse displacement. A pair of windows that shares an entry twice lists it
     * twice.
     */
    public int[] meetings(int d) {
        List<int[]> found = new ArrayList<>();
        for (int i = 0; i < fine; i++) {
            int other = Math.floorMod(i - d, fine);
            for (int position : containers[i]) {
                for (int otherPosition : containers[other]) {
                    found.add(new int[] {i, position, Math.floorMod(position - otherPosition, coarse())});
                }
            }
        }
        return found.stream().flatMapToInt(Arrays::stream).toArray();
    }

    /** Fine displacements that send anything to the wanted coarse ones. */
    public boolean[] needed(boolean[] coarseDisplacements) {
        boolean[] needed = new boolean[fine];
        for (int d = 0; d < fine; d++) {
            int[] meetings = meetings(d);
            for (int at = 2; at < meetings.length; at += 3) {
                needed[d] |= coarseDisplacements[meetings[at]];
            }
        }
        return needed;
    }

    /** Weights w[i][i'] of fine entries in a sum over coarse entries with the given weights [I][I']. */
    public double[][] pullBack(double[][] coarseWeights) {
        double[][] weights = new double[fine][fine];
        for (int i = 0; i < fine; i++) {
            for (int other = 0; other < fine; other++) {
                for (int position : containers[i]) {
                    for (int otherPosition : containers[other]) {
                        weights[i][other] += coarseWeights[position][otherPosition];
                    }
                }
            }
        }
        return weights;
    }
}
