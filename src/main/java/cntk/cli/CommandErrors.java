package cntk.cli;

import cntk.arch.Spelling;
import cntk.backend.BackendUnavailableException;
import cntk.backend.WorkerLostException;
import cntk.backend.cuda.CudaException;
import cntk.backend.cuda.KernelException;
import cntk.dataset.InputException;
import cntk.gram.StoreException;
import cntk.schedule.ScheduleException;
import cntk.solve.LapackException;
import cntk.solve.MemoryShortageException;
import cntk.solve.NativeLibraryException;
import cntk.solve.NoConvergenceException;
import cntk.solve.NonFiniteKernelException;
import cntk.solve.NotPositiveDefiniteException;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Objects;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns what went wrong into one line on stderr, perhaps hints below it, and an exit code. */
final class CommandErrors implements IExecutionExceptionHandler, IParameterExceptionHandler {
    @Override
    public int handleExecutionException(Exception failure, CommandLine command, ParseResult parsed) {
        report(failure, command.getErr(), Main.debug(command));
        return ExitCodes.of(failure).code();
    }

    /** Says what went wrong, for people who know the options but not this program. */
    static void report(Throwable failure, PrintWriter err, boolean debug) {
        if (failure instanceof StoppedException) {
            return;
        }
        if (debug) {
            failure.printStackTrace(err);
        }
        err.println("cntk: " + message(failure));
        err.flush();
    }

    private static String message(Throwable failure) {
        return switch (failure) {
            case InputException _,
                    StoreException _,
                    ScheduleException _,
                    BackendUnavailableException _,
                    WorkerLostException _,
                    CudaException _,
                    KernelException _,
                    MemoryShortageException _,
                    NativeLibraryException _,
                    NonFiniteKernelException _,
                    NotPositiveDefiniteException _,
                    NoConvergenceException _,
                    LapackException _ -> String.valueOf(failure.getMessage());
            case OutOfMemoryError _ ->
                "the Java heap of " + (Runtime.getRuntime().maxMemory() >> 20)
                        + " MiB is too small\nhint: CNTK_JAVA_OPTS=-Xmx8g gives it 8 GiB";
            default -> "internal error: " + failure + "\nhint: --debug shows where; please report it";
        };
    }

    @Override
    public int handleParseException(ParameterException failure, String[] args) {
        CommandLine command = failure.getCommandLine();
        PrintWriter err = command.getErr();
        if (Main.debug(command)) {
            failure.printStackTrace(err);
        }
        String otherwise = command.getCommandSpec().qualifiedName() + " --help lists what it takes";
        if (failure instanceof UnmatchedArgumentException unmatched) {
            err.println("cntk: " + unknown(command, unmatched.getUnmatched().getFirst(), otherwise));
        } else {
            err.println("cntk: " + decapitalised(Objects.requireNonNullElse(failure.getMessage(), "wrong usage"))
                    + "\nhint: " + otherwise);
        }
        err.flush();
        return ExitCodes.BAD_INPUT.code();
    }

    private static String unknown(CommandLine command, String word, String otherwise) {
        if (word.startsWith("-")) {
            String name = word.split("=", 2)[0];
            return "unknown option '" + name + "'"
                    + Spelling.hint(name, command.getCommandSpec().optionsMap().keySet(), otherwise);
        }
        if (command.getSubcommands().isEmpty()) {
            return "unexpected argument '" + word + "'\nhint: " + otherwise;
        }
        return "'" + word + "' is not a command"
                + Spelling.hint(word, command.getSubcommands().keySet(), otherwise);
    }

    private static String decapitalised(String sentence) {
        return sentence.isEmpty()
                ? sentence
                : sentence.substring(0, 1).toLowerCase(Locale.ROOT) + sentence.substring(1);
    }
}
