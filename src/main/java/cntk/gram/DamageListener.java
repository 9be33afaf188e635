package cntk.gram;

import cntk.plan.Tile;

/** Hears of every stored tile that turns out to be damaged and will be computed again. */
@FunctionalInterface
public interface DamageListener {
    /** Called by the thread that found it. */
    void damaged(Tile tile, String file, String reason);

    /** Writes a warning to the log. */
    static DamageListener logging() {
        System.Logger log = System.getLogger(ZarrGramStore.class.getName());
        return (tile, file, reason) -> log.log(
                System.Logger.Level.WARNING,
                "tile {0} will be computed again: {1} is damaged: {2}",
                tile,
                file,
                reason);
    }
}
