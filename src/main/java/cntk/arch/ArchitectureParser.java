package cntk.arch;

import cntk.dataset.ImageShape;
import cntk.dataset.InputException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Reads a network from text. The language:
 *
 * <pre>
 *   network := item { " " item }
 *   item    := layer | preset | "(" network ")x" repeats
 *   layer   := word [ "(" [ name "=" ] value { "," name "=" value } ")" ]     the first argument may go without its name: lap(2)
 *
 *   conv(k=3,stride=1,pad=zero,w=1.4142135623730951,b=0,train=true)     k = 1, 3, 5, 7; stride = 1, 2; pad = zero, circular, valid
 *   dense(w=1,b=0,train=true)  flatten  gap
 *   avgpool(k=2,stride=2,pad=valid)  lap(c=4,pad=zero)
 *   relu  leakyrelu(a=0.01)  abs  erf  gelu  sin  rbf(gamma=1)  identity
 *   gaussian(gamma=1)  reluproject         NNGP only
 *   residual(network [ "|" network ])      branch + shortcut, the shortcut being the identity where none is written
 *   cntk(depth=D,readout=gap,fix=true)     preset; fix=false by default for readout=flatten
 *   fc(depth=D,w=1.4142135623730951,b=0)   preset; the others: {@link Presets#describe}
 * </pre>
 *
 * A text that ends in {@code .json} names a file with a list of layers instead ({@link ArchitectureJson}).
 */
public final class ArchitectureParser {
    private ArchitectureParser() {}

    /**
     * Reads a network for images of the given shape (the values of presets may depend on it).
     *
     * @throws InputException naming the layer, its place, what is wrong and what would be right
     */
    public static Architecture parse(String text, ImageShape shape) {
        String trimmed = text.strip();
        if (trimmed.toLowerCase(Locale.ROOT).endsWith(".json")) {
            return ArchitectureJson.read(file(trimmed));
        }
        return new NetworkText(trimmed, shape).read();
    }

    /** Reads a network and fits it to the images. */
    public static Network network(String text, ImageShape shape) {
        return Network.of(parse(text, shape), shape);
    }

    private static Path file(String name) {
        try {
            return Path.of(name);
        } catch (InvalidPathException e) {
            throw new InputException("'" + name + "' is not the name of a file", e);
        }
    }
}
