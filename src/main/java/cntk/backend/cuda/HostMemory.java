package cntk.backend.cuda;

import java.lang.foreign.MemorySegment;
import jcuda.Pointer;

/** Native host memory as JCuda wants it; unlike {@code Pointer.to(Buffer)} it may pass 2 GiB. */
final class HostMemory extends Pointer {
    HostMemory() {}

    HostMemory(MemorySegment segment) {
        super(segment.address());
        if (!segment.isNative()) {
            throw new IllegalArgumentException("a segment of the Java heap has no address");
        }
    }

    long address() {
        return getNativePointer() + getByteOffset();
    }
}
