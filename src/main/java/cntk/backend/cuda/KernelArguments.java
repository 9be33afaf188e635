package cntk.backend.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import jcuda.Pointer;
import org.jspecify.annotations.Nullable;

/** The arguments of a launch, in the order of the kernel's parameters. Values are taken when they are added. */
public final class KernelArguments {
    private static final long ALIGNMENT = 16;

    private final Arena arena = Arena.ofAuto(); // lives as long as these arguments
    private final List<MemorySegment> values = new ArrayList<>();
    private @Nullable Pointer pointers;

    /** A pointer parameter: byte {@code offset} of the buffer. */
    public KernelArguments add(DeviceBuffer buffer, long offset) {
        return add(buffer.address() + offset);
    }

    public KernelArguments add(DeviceBuffer buffer) {
        return add(buffer, 0);
    }

    /** A null pointer. */
    public KernelArguments addNull() {
        return add(0L);
    }

    public KernelArguments add(int value) {
        place(Integer.BYTES).set(ValueLayout.JAVA_INT, 0, value);
        return this;
    }

    public KernelArguments add(long value) {
        place(Long.BYTES).set(ValueLayout.JAVA_LONG, 0, value);
        return this;
    }

    public KernelArguments add(float value) {
        place(Float.BYTES).set(ValueLayout.JAVA_FLOAT, 0, value);
        return this;
    }

    public KernelArguments add(double value) {
        place(Double.BYTES).set(ValueLayout.JAVA_DOUBLE, 0, value);
        return this;
    }

    /** A struct by value; its bytes are copied now. */
    public KernelArguments addStruct(MemorySegment struct) {
        place(struct.byteSize()).copyFrom(struct);
        return this;
    }

    private MemorySegment place(long bytes) {
        MemorySegment place = arena.allocate(bytes, ALIGNMENT);
        values.add(place);
        pointers = null;
        return place;
    }

    /** What cuLaunchKernel takes: the address of an array with the address of each value. */
    Pointer pointers() {
        Pointer known = pointers;
        if (known == null) {
            MemorySegment addresses = arena.allocate(ValueLayout.ADDRESS, Math.max(1, values.size()));
            for (int i = 0; i < values.size(); i++) {
                addresses.setAtIndex(ValueLayout.ADDRESS, i, values.get(i));
            }
            known = new HostMemory(addresses);
            pointers = known;
        }
        return known;
    }
}
