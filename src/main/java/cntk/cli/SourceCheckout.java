package cntk.cli;

import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The folder of sources that this program was built in, where it is still there: {@code target/cntk.jar} lies in it. */
final class SourceCheckout {
    private SourceCheckout() {}

    /** Its {@code bench/results}. */
    static Optional<Path> results() {
        CodeSource source = Main.class.getProtectionDomain().getCodeSource();
        return source == null ? Optional.empty() : results(location(source));
    }

    static Optional<Path> results(@Nullable Path program) {
        @Nullable Path target = program == null ? null : program.getParent();
        @Nullable Path root = target == null ? null : target.getParent();
        return Optional.ofNullable(root)
                .map(folder -> folder.resolve("bench").resolve("results"))
                .filter(Files::isDirectory);
    }

    private static @Nullable Path location(CodeSource source) {
        try {
            return Path.of(source.getLocation().toURI());
        } catch (URISyntaxException | IllegalArgumentException noFile) {
            return null;
        }
    }
}
