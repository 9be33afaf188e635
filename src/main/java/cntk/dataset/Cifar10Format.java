package cntk.dataset;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The six files of {@link Cifar10}. */
final class Cifar10Format implements DataFormat {
    @Override
    public String title() {
        return "CIFAR-10";
    }

    @Override
    public String files() {
        return "data_batch_1.bin to data_batch_5.bin, test_batch.bin";
    }

    @Override
    public boolean recognises(Path directory) {
        return Cifar10.files().stream().anyMatch(file -> Files.exists(directory.resolve(file)));
    }

    @Override
    public RawSplit read(Path directory) {
        return Cifar10.read(directory);
    }

    @Override
    public List<DataInfo.DataFile> describe(Path directory) {
        return Cifar10.files().stream()
                .map(file -> DataInfo.describe(
                        file, FileBytes.of(directory.resolve(file)), Cifar10.RECORD_BYTES, Cifar10.OFFICIAL_MD5))
                .toList();
    }
}
