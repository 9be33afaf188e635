package cntk.backend;

import cntk.dataset.ImageSet;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** Several backends at work on the same tiles: GPUs, or GPUs and the CPU. */
final class BackendGroup implements KernelBackend {
    private final String name;
    private final List<KernelBackend> parts;

    /** @param parts at least one; closed with this */
    BackendGroup(String name, List<KernelBackend> parts) {
        this.name = name;
        this.parts = List.copyOf(parts);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String description() {
        return parts.stream().map(KernelBackend::description).collect(Collectors.joining("; "));
    }

    @Override
    public List<KernelBackend> parts() {
        return parts;
    }

    @Override
    public List<TileBackend> open(ImageSet rows, ImageSet cols) {
        List<TileBackend> workers = new ArrayList<>();
        boolean opened = false;
        try {
            parts.forEach(part -> workers.addAll(part.open(rows, cols)));
            opened = true;
            return workers;
        } finally {
            if (!opened) {
                workers.forEach(TileBackend::close);
            }
        }
    }

    @Override
    public void listen(Consumer<String> notices) {
        parts.forEach(part -> part.listen(notices));
    }

    @Override
    public void close() {
        closeAll(parts);
    }

    /** Closes all, even if one of them throws: the first failure is thrown, with the others attached. */
    static void closeAll(List<KernelBackend> backends) {
        RuntimeException first = null;
        for (KernelBackend backend : backends) {
            try {
                backend.close();
            } catch (RuntimeException failure) {
                if (first == null) {
                    first = failure;
                } else {
                    first.addSuppressed(failure);
                }
            }
        }
        if (first != null) {
            throw first;
        }
    }
}
