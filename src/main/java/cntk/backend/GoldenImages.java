package cntk.backend;

import cntk.dataset.ImageShape;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;

/**
 * The deterministic images of the golden files: integer recipes that any language reproduces exactly (they are quoted
 * in {@code golden/_inputs.json}). Index order [c][y][x], x fastest.
 */
public final class GoldenImages {
    private static final double[] CIFAR_MEAN = {0.4914, 0.4822, 0.4465};
    private static final double[] CIFAR_STD = {0.2470, 0.2435, 0.2616};
    private static final long LCG_MASK = (1L << 31) - 1;

    private GoldenImages() {}

    /** The values of the image that an entry of {@code x1} or {@code x2} describes; C H W of them. */
    public static double[] values(JsonNode recipe, ImageShape shape) {
        String kind = recipe.get("kind").asText();
        return switch (kind) {
            case "affine", "lcg", "smooth" ->
                normalise(
                        bytes(kind, recipe.get("k").asInt(), shape),
                        recipe.get("norm").asText(),
                        shape);
            case "zero" -> new double[shape.values()];
            case "const" -> constant(recipe.get("value").asDouble(), shape);
            case "onehot" -> oneHot(recipe, shape);
            case "neg" -> scale(values(recipe.get("of"), shape), -1.0);
            case "scale" ->
                scale(values(recipe.get("of"), shape), recipe.get("by").asDouble());
            case "copy" -> values(recipe.get("of"), shape);
            case "roll" ->
                roll(
                        values(recipe.get("of"), shape),
                        recipe.get("dy").asInt(),
                        recipe.get("dx").asInt(),
                        shape);
            case "flip" -> flip(values(recipe.get("of"), shape), shape);
            default -> throw new IllegalArgumentException("unknown golden image " + recipe);
        };
    }

    /** The byte record (values 0..255) of image number k by recipe {@code affine}, {@code lcg} or {@code smooth}. */
    public static int[] bytes(String kind, int k, ImageShape shape) {
        return switch (kind) {
            case "affine" -> affine(k, shape.values());
            case "lcg" -> lcg(k, shape.values());
            case "smooth" -> smooth(k, shape);
            default -> throw new IllegalArgumentException("unknown golden byte recipe " + kind);
        };
    }

    private static int[] affine(int k, int count) {
        int[] bytes = new int[count];
        for (int i = 0; i < count; i++) {
            bytes[i] = (int) ((i * 7919L + 104729L * k) % 256);
        }
        return bytes;
    }

    private static int[] lcg(int k, int count) {
        int[] bytes = new int[count];
        long state = ((k + 1) * 12345L) & LCG_MASK;
        for (int i = 0; i < count; i++) {
            state = (state * 1103515245L + 12345L) & LCG_MASK;
            bytes[i] = (int) ((state >> 16) & 255);
        }
        return bytes;
    }

    private static int[] smooth(int k, ImageShape shape) {
        int rows = shape.height() / 4 + 2;
        int cols = shape.width() / 4 + 2;
        int[] grid = lcg(k, shape.channels() * rows * cols);
        int[] bytes = new int[shape.values()];
        for (int i = 0; i < bytes.length; i++) {
            int x = i % shape.width();
            int y = i / shape.width() % shape.height();
            int corner = ((i / shape.pixels()) * rows + y / 4) * cols + x / 4;
            int fy = y % 4;
            int fx = x % 4;
            int top = (4 - fx) * grid[corner] + fx * grid[corner + 1];
            int bottom = (4 - fx) * grid[corner + cols] + fx * grid[corner + cols + 1];
            bytes[i] = ((4 - fy) * top + fy * bottom) / 16;
        }
        return bytes;
    }

    private static double[] normalise(int[] bytes, String norm, ImageShape shape) {
        double[] values = new double[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            int channel = i / shape.pixels();
            double unit = bytes[i] / 255.0;
            values[i] = switch (norm) {
                case "unit" -> unit;
                case "center" -> unit - 0.5;
                case "cifar" -> (unit - CIFAR_MEAN[channel]) / CIFAR_STD[channel];
                default -> throw new IllegalArgumentException("unknown golden normalisation " + norm);
            };
        }
        return values;
    }

    private static double[] constant(double value, ImageShape shape) {
        double[] values = new double[shape.values()];
        Arrays.fill(values, value);
        return values;
    }

    private static double[] oneHot(JsonNode recipe, ImageShape shape) {
        double[] values = new double[shape.values()];
        int row = recipe.get("c").asInt() * shape.height() + recipe.get("y").asInt();
        values[row * shape.width() + recipe.get("x").asInt()] = 1.0;
        return values;
    }

    private static double[] scale(double[] image, double factor) {
        return Arrays.stream(image).map(value -> factor * value).toArray();
    }

    private static double[] roll(double[] image, int dy, int dx, ImageShape shape) {
        double[] rolled = new double[image.length];
        for (int i = 0; i < image.length; i++) {
            int x = Math.floorMod(i % shape.width() + dx, shape.width());
            int y = Math.floorMod(i / shape.width() % shape.height() + dy, shape.height());
            rolled[i / shape.pixels() * shape.pixels() + y * shape.width() + x] = image[i];
        }
        return rolled;
    }

    private static double[] flip(double[] image, ImageShape shape) {
        double[] flipped = new double[image.length];
        for (int i = 0; i < image.length; i++) {
            int x = i % shape.width();
            flipped[i - x + shape.width() - 1 - x] = image[i];
        }
        return flipped;
    }
}
