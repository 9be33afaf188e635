package cntk.backend.cpu;

import cntk.plan.AxisMap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Where the columns of neighbouring fine planes go, lane = column displacement on both sides: coarse lane A takes the fine lanes whose
 * displacement meets A (maths.md eq. 31), so that an exchange is a few permutations of lanes. With 2x2 pooling two a column.
 *
 * <p>Lists of one group of fine planes: target t, the coarse column at {@link #targets}[t], is the sum over {@code s} from
 * {@link #begins}[t] to {@link #begins}[t + 1] of fine column {@link #columns}[s], its lanes taken as {@link #permutations}[s] says.
 */
final class LaneScatter {
    /** Marks a coarse lane that takes nothing. */
    static final int NONE = -1;

    final int[] targets;
    final int[] begins;
    final int[] columns;
    final int[] permutations;

    private LaneScatter(int[] targets, int[] begins, int[] columns, int[] permutations) {
        this.targets = targets;
        this.begins = begins;
        this.columns = columns;
        this.permutations = permutations;
    }

    /** One coarse lane's fine lane in one column. */
    private record Move(int column, int fromLane, int toLane) {}

    /**
     * Lists of the group of fine planes from displacement {@code dj} on.
     *
     * @param planeStride from a group of coarse planes to the next
     * @param columnStride from a coarse column to the next
     * @param known permutations found so far, [coarse lane] = fine lane or {@link #NONE}; new ones are added
     */
    static LaneScatter of(AxisMap map, int dj, int lanes, int planeStride, int columnStride, List<int[]> known) {
        List<Integer> targets = new ArrayList<>();
        List<Integer> begins = new ArrayList<>();
        List<Integer> columns = new ArrayList<>();
        List<Integer> permutations = new ArrayList<>();
        int groups = Math.ceilDiv(map.coarse(), lanes);
        for (int group = 0; group < groups; group++) {
            for (int column = 0; column < map.coarse(); column++) {
                List<Move> moves = moves(map, dj, lanes, group, column);
                if (!moves.isEmpty()) {
                    targets.add(group * planeStride + column * columnStride);
                    begins.add(columns.size());
                    distribute(moves, lanes, columns, permutations, known);
                }
            }
        }
        begins.add(columns.size());
        return new LaneScatter(array(targets), array(begins), array(columns), array(permutations));
    }

    /** In the order of the fine columns and lanes: sums are taken in this order. */
    private static List<Move> moves(AxisMap map, int dj, int lanes, int group, int coarseColumn) {
        List<Move> moves = new ArrayList<>();
        for (int lane = 0; lane < lanes && dj + lane < map.fine(); lane++) {
            int[] meetings = map.meetings(dj + lane);
            for (int at = 0; at < meetings.length; at += 3) {
                int displacement = meetings[at + 2];
                if (meetings[at + 1] == coarseColumn && displacement / lanes == group) {
                    moves.add(new Move(meetings[at], lane, displacement % lanes));
                }
            }
        }
        moves.sort(java.util.Comparator.comparingInt(Move::column));
        return moves;
    }

    /** Of one column, as many permutations as its busiest coarse lane takes fine lanes. */
    private static void distribute(
            List<Move> moves, int lanes, List<Integer> columns, List<Integer> permutations, List<int[]> known) {
        List<int[]> open = new ArrayList<>();
        int column = moves.getFirst().column();
        for (int at = 0; at <= moves.size(); at++) {
            if (at == moves.size() || moves.get(at).column() != column) {
                for (int[] permutation : open) {
                    columns.add(column);
                    permutations.add(number(permutation, known));
                }
                open.clear();
            }
            if (at < moves.size()) {
                Move move = moves.get(at);
                column = move.column();
                int[] free = open.stream()
                        .filter(permutation -> permutation[move.toLane()] == NONE)
                        .findFirst()
                        .orElseGet(() -> {
                            int[] fresh = new int[lanes];
                            Arrays.fill(fresh, NONE);
                            open.add(fresh);
                            return fresh;
                        });
                free[move.toLane()] = move.fromLane();
            }
        }
    }

    private static int number(int[] permutation, List<int[]> known) {
        for (int number = 0; number < known.size(); number++) {
            if (Arrays.equals(known.get(number), permutation)) {
                return number;
            }
        }
        known.add(permutation);
        return known.size() - 1;
    }

    private static int[] array(List<Integer> list) {
        return list.stream().mapToInt(Integer::intValue).toArray();
    }
}
