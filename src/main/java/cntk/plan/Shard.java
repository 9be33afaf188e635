package cntk.plan;

import cntk.dataset.InputException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * A static share of the tiles of every matrix: every {@code count}-th tile in the order of the plan, from the {@code index}-th on.
 * The shares of all shards are disjoint and together the plan, and nobody needs to talk to anybody.
 *
 * @param index from 1 to {@code count}
 */
public record Shard(int index, int count) {
    /** Everything. */
    public static final Shard ALL = new Shard(1, 1);

    private static final Pattern TEXT = Pattern.compile("(\\d{1,6})/(\\d{1,6})");

    public Shard {
        if (index < 1 || index > count) {
            throw new InputException("shard " + index + "/" + count + ": expected I/N with I from 1 to N");
        }
    }

    /** {@code 3/64}: the third of 64. */
    public static Shard parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw new InputException("shard '" + text + "': expected I/N, such as 3/64");
        }
        return new Shard(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
    }

    /** Whether there are no other shards. */
    public boolean isAll() {
        return count == 1;
    }

    /** The tiles of this shard, in the order of the plan. */
    public List<Tile> of(TilePlan plan) {
        List<Tile> tiles = plan.tiles();
        return IntStream.range(0, tiles.size())
                .filter(place -> place % count == index - 1)
                .mapToObj(tiles::get)
                .toList();
    }

    /** Pairs in those. */
    public long pairs(TilePlan plan) {
        return of(plan).stream().mapToLong(plan::pairs).sum();
    }

    @Override
    public String toString() {
        return index + "/" + count;
    }
}
