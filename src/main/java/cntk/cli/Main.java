package cntk.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The root command. */
@Command(
        name = "cntk",
        description = "Exact convolutional neural tangent kernels, and the regression they stand for.",
        subcommands = {
            RunCommand.class,
            PlanCommand.class,
            KernelCommand.class,
            DataCommand.class,
            ArchCommand.class,
            DevicesCommand.class,
            VerifyCommand.class,
            FitCommand.class,
            DynamicsCommand.class,
            SpectrumCommand.class,
            PosteriorCommand.class,
            LearningCurveCommand.class,
            ExportCommand.class,
            CompareCommand.class,
            ReportCommand.class,
            FiniteCommand.class,
            BenchCommand.class,
        },
        mixinStandardHelpOptions = true,
        scope = ScopeType.INHERIT,
        sortOptions = false,
        usageHelpAutoWidth = true,
        versionProvider = Main.ManifestVersion.class,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:right",
            "1:the computation failed, or verify found wrong entries",
            "2:bad input or usage",
            "130:stopped by Ctrl-C",
        })
public final class Main implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--debug",
            scope = ScopeType.INHERIT,
            description = "Show where an error comes from (so does CNTK_DEBUG=1).")
    private boolean debug;

    private final KernelEngine engine;

    private Main(KernelEngine engine) {
        this.engine = engine;
    }

    /** Runs the command line and ends the JVM with its exit code. */
    public static void main(String[] args) {
        System.exit(execute(KernelEngine.LOCAL, args));
    }

    /**
     * Runs the command line.
     *
     * @param engine what computes the kernel of {@code cntk run}
     * @return the exit code
     */
    public static int execute(KernelEngine engine, String... args) {
        CommandLine command = commandLine(engine);
        int code;
        try {
            code = command.execute(args);
        } catch (OutOfMemoryError tooSmall) { // picocli passes errors on; the command's resources are closed by now
            CommandErrors.report(tooSmall, command.getErr(), debug(command));
            code = ExitCodes.FAILED.code();
        }
        command.getErr().flush();
        if (command.getOut().checkError() && code == ExitCodes.RIGHT.code()) {
            command.getErr().println("cntk: standard output cannot be written");
            command.getErr().flush();
            code = ExitCodes.FAILED.code();
        }
        return code;
    }

    /** The whole command line, ready to execute. */
    static CommandLine commandLine() {
        return commandLine(KernelEngine.LOCAL);
    }

    private static CommandLine commandLine(KernelEngine engine) {
        CommandErrors errors = new CommandErrors();
        return new CommandLine(new Main(engine))
                .setExecutionExceptionHandler(errors)
                .setParameterExceptionHandler(errors)
                .setAbbreviatedOptionsAllowed(false);
    }

    KernelEngine engine() {
        return engine;
    }

    /** Whether stack traces are wanted. */
    static boolean debug(CommandLine command) {
        CommandLine root = command;
        while (root.getParent() != null) {
            root = root.getParent();
        }
        return "1".equals(System.getenv("CNTK_DEBUG")) || ((Main) root.getCommand()).debug;
    }

    @Override
    public Integer call() {
        PrintWriter err = spec.commandLine().getErr();
        err.println("cntk: a command is missing");
        spec.commandLine().usage(err);
        return ExitCodes.BAD_INPUT.code();
    }

    /** The version that the build wrote into the jar's manifest. */
    static final class ManifestVersion implements IVersionProvider {
        static String version() {
            @Nullable String version = Main.class.getPackage().getImplementationVersion();
            return version == null ? "(unpackaged)" : version;
        }

        @Override
        public String[] getVersion() {
            return new String[] {"cntk " + version()};
        }
    }
}
