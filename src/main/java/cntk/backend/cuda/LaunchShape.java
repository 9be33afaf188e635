package cntk.backend.cuda;

/** Blocks of a launch, threads of a block, and the dynamic shared memory of a block. */
public record LaunchShape(int gridX, int gridY, int gridZ, int blockX, int blockY, int blockZ, int sharedBytes) {

    /** {@code blocks} blocks of {@code threads} threads in a row. */
    public static LaunchShape of(int blocks, int threads, int sharedBytes) {
        return new LaunchShape(blocks, 1, 1, threads, 1, 1, sharedBytes);
    }

    @Override
    public String toString() {
        return "(%d x %d x %d blocks of %d x %d x %d threads, %d B shared)"
                .formatted(gridX, gridY, gridZ, blockX, blockY, blockZ, sharedBytes);
    }
}
