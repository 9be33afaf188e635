package cntk.backend.cuda;

import java.util.ArrayDeque;
import java.util.Deque;

/** Things of one device that are closed together, the last opened first; also where opening the next one fails. */
public final class CudaResources implements AutoCloseable {
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    /** Takes over what was just opened. */
    public <T extends AutoCloseable> T add(T resource) {
        opened.push(resource);
        return resource;
    }

    /** Closes all, even if one of them throws: the first failure is thrown, with the others attached. */
    @Override
    public void close() {
        RuntimeException first = null;
        while (!opened.isEmpty()) {
            try {
                opened.pop().close();
            } catch (RuntimeException failure) {
                if (first == null) {
                    first = failure;
                } else {
                    first.addSuppressed(failure);
                }
            } catch (Exception impossible) { // nothing of CUDA declares one
                throw new IllegalStateException(impossible);
            }
        }
        if (first != null) {
            throw first;
        }
    }
}
