package cntk.spark;

import java.io.Serializable;

/**
 * What an executor says of a tile, which is durable then.
 *
 * @param worker such as {@code executor 3 cuda/0}
 * @param backend and {@code description} of what computed it
 * @param nanos of computing; 0 if an earlier attempt had stored it
 */
record TileOutcome(String worker, String backend, String description, long nanos) implements Serializable {}
