package cntk.arch;

import cntk.dataset.ImageShape;
import java.util.List;

/** Height and width in pixels. */
public record Extent(int height, int width) {
    /** One position: behind the readout. */
    public static final Extent ONE = new Extent(1, 1);

    /** That of an input image. */
    public static Extent of(ImageShape shape) {
        return new Extent(shape.height(), shape.width());
    }

    public int pixels() {
        return height * width;
    }

    /** The extent behind a layer; 0 rows or columns where its window does not fit. */
    Extent after(Layer layer) {
        return switch (layer) {
            case Layer.Conv conv -> after(conv.window());
            case Layer.Pooling pool -> after(pool.window());
            case Layer.Nonlinearity _ -> this;
            case Layer.Residual residual -> after(residual.branch());
            case Layer.Flatten(), Layer.GlobalAveragePool(), Layer.Dense _ -> ONE;
        };
    }

    private Extent after(Window window) {
        return new Extent(window.positions(height), window.positions(width));
    }

    private Extent after(List<Layer> layers) {
        Extent extent = this;
        for (Layer layer : layers) {
            extent = extent.after(layer);
        }
        return extent;
    }

    @Override
    public String toString() {
        return height + "x" + width;
    }
}
