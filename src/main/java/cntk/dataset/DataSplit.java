package cntk.dataset;

/** Training and test images of a data set, ready for the kernel: same shape, same classes. */
public record DataSplit(ImageSet train, ImageSet test) {}
