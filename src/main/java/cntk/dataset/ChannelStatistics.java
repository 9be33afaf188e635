package cntk.dataset;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/**
 * Mean and (population) standard deviation of byte/255 for every channel, over all pixels of all images of a set.
 *
 * @param mean one per channel, 0..1
 * @param std one per channel, 0..0.5
 */
public record ChannelStatistics(List<Double> mean, List<Double> std) {
    public ChannelStatistics {
        mean = List.copyOf(mean);
        std = List.copyOf(std);
    }

    /** Integer sums of bytes and squared bytes, so that every machine finds the same last bit. */
    public static ChannelStatistics of(ByteImages images) {
        ImageShape shape = images.shape();
        List<Double> mean = new ArrayList<>();
        List<Double> std = new ArrayList<>();
        long count = (long) images.count() * shape.pixels();
        for (int channel = 0; channel < shape.channels(); channel++) {
            long sum = 0;
            long squares = 0;
            for (int index = 0; index < images.count(); index++) {
                for (int pixel = 0; pixel < shape.pixels(); pixel++) {
                    long value = images.at(index, channel * shape.pixels() + pixel);
                    sum += value;
                    squares += value * value;
                }
            }
            mean.add(sum / (255.0 * count));
            // variance * count^2 = count * squares - sum^2, which does not fit 64 bits for all of CIFAR-10
            BigInteger spread = BigInteger.valueOf(count)
                    .multiply(BigInteger.valueOf(squares))
                    .subtract(BigInteger.valueOf(sum).pow(2));
            std.add(Math.sqrt(spread.doubleValue()) / (255.0 * count));
        }
        return new ChannelStatistics(mean, std);
    }
}
