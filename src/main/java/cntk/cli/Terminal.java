package cntk.cli;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/** Whether somebody watches: {@code System.console()} tells of standard input and output only. */
final class Terminal {
    private static final int STANDARD_ERROR = 2;

    private Terminal() {}

    /** Whether standard error is a terminal; false where the system does not tell. */
    @SuppressWarnings("restricted") // one call of the C library
    static boolean isStandardError() {
        Linker linker = Linker.nativeLinker();
        Optional<MemorySegment> function = linker.defaultLookup().find("isatty");
        if (function.isEmpty()) {
            return false;
        }
        try {
            return (int) linker.downcallHandle(
                                    function.get(), FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT))
                            .invokeExact(STANDARD_ERROR)
                    == 1;
        } catch (Throwable unexpected) { // what invokeExact declares; isatty itself throws nothing
            throw new IllegalStateException(unexpected);
        }
    }
}
