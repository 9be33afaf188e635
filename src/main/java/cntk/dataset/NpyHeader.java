package cntk.dataset;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The header of a NumPy {@code .npy} file in C order (format versions 1.0, 2.0, 3.0).
 *
 * @param shape the length of every axis; empty for a single number
 * @param dataOffset where the numbers begin, in bytes from the start of the file
 */
record NpyHeader(NpyType type, List<Long> shape, long dataOffset) {
    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final int PREFIX_V1 = 10;
    private static final int PREFIX_V2 = 12;
    private static final int ALIGNMENT = 64;
    private static final int MAX_TEXT = 1 << 20;

    NpyHeader {
        shape = List.copyOf(shape);
    }

    /** The numbers in the file; a shape that no file can have is refused. */
    long count(String file) {
        long count = 1;
        for (long length : shape) {
            if (length != 0 && count > Long.MAX_VALUE / Double.BYTES / length) {
                throw new InputException(file + " has shape " + words(shape) + ", which no file can hold");
            }
            count *= length;
        }
        return count;
    }

    /** A shape as Python writes it. */
    static String words(List<Long> shape) {
        String inner = shape.stream().map(String::valueOf).collect(Collectors.joining(", "));
        return "(" + inner + (shape.size() == 1 ? ",)" : ")");
    }

    /**
     * The fields of a header as Python text, whatever the type of the numbers.
     *
     * @param dataOffset where the numbers begin, in bytes from the start of the file
     */
    record Fields(Map<String, String> texts, long dataOffset) {}

    /** Reads the header and leaves the stream at the first number; only floats in C order are let through. */
    static NpyHeader read(InputStream stream, String file) throws IOException {
        Fields fields = fields(stream, file);
        NpyType type = type(field(fields, "descr", file), file);
        return new NpyHeader(type, shape(fields, file), fields.dataOffset());
    }

    /** Reads the header and leaves the stream at the first number. */
    static Fields fields(InputStream stream, String file) throws IOException {
        byte[] prefix = stream.readNBytes(PREFIX_V1);
        if (prefix.length < PREFIX_V1 || !Arrays.equals(MAGIC, Arrays.copyOf(prefix, MAGIC.length))) {
            throw new InputException(file + " does not begin with the bytes 93 'NUMPY' of a .npy file");
        }
        int major = prefix[6] & 0xff;
        if (major < 1 || major > 3) {
            throw new InputException(file + " has format version " + major + "." + (prefix[7] & 0xff)
                    + " at byte offset 6, expected 1.0," + " 2.0 or 3.0");
        }
        long length = (prefix[8] & 0xff) | ((prefix[9] & 0xff) << 8);
        int prefixLength = PREFIX_V1;
        if (major > 1) {
            byte[] high = stream.readNBytes(2);
            prefixLength = PREFIX_V2;
            length |= high.length < 2 ? 0 : ((high[0] & 0xffL) << 16) | ((high[1] & 0xffL) << 24);
        }
        if (length > MAX_TEXT) {
            throw new InputException(
                    file + " has a header of " + length + " bytes at byte offset 8, expected at most " + MAX_TEXT);
        }
        byte[] text = stream.readNBytes((int) length);
        if (text.length < length) {
            throw new InputException(file + " ends inside its header: " + (prefixLength + text.length)
                    + " bytes are there, expected " + (prefixLength + length) + " and the data");
        }
        var charset = major == 3 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1;
        return new Fields(new NpyHeaderText(new String(text, charset), file).fields(), prefixLength + length);
    }

    /** The length of every axis; an array in Fortran order is refused. */
    static List<Long> shape(Fields fields, String file) {
        String order = field(fields, "fortran_order", file);
        if (!order.equals("False")) {
            throw new InputException(file + " has fortran_order " + order + ", expected False (C order)\n"
                    + "hint: numpy.save(file, numpy.ascontiguousarray(x))");
        }
        return NpyHeaderText.shape(field(fields, "shape", file), file);
    }

    /** One field, which has to be there. */
    static String field(Fields fields, String key, String file) {
        String value = fields.texts().get(key);
        if (value == null) {
            throw new InputException(file + " has no field '" + key + "' in its header, only "
                    + fields.texts().keySet());
        }
        return value;
    }

    private static NpyType type(String descr, String file) {
        for (NpyType type : NpyType.values()) {
            if (descr.equals("'" + type.descr() + "'") || descr.equals("\"" + type.descr() + "\"")) {
                return type;
            }
        }
        throw new InputException(
                file + " has descr " + descr + ", expected '<f4' (float32) or '<f8' (float64), little-endian\n"
                        + "hint: numpy.save(file, x.astype('<f4'))");
    }

    /** A header of version 1.0 (2.0 if it is long), padded so that the data begins at a multiple of 64 bytes. */
    static byte[] bytes(String descr, List<Long> shape) {
        String fields = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + words(shape) + ", }";
        int version = PREFIX_V1 + fields.length() + ALIGNMENT > 0xffff ? 2 : 1;
        int prefix = version == 1 ? PREFIX_V1 : PREFIX_V2;
        int total = Math.ceilDiv(prefix + fields.length() + 1, ALIGNMENT) * ALIGNMENT;
        byte[] header = new byte[total];
        Arrays.fill(header, (byte) ' ');
        System.arraycopy(MAGIC, 0, header, 0, MAGIC.length);
        header[6] = (byte) version;
        header[7] = 0;
        int length = total - prefix;
        for (int i = 8; i < prefix; i++) {
            header[i] = (byte) (length >> (8 * (i - 8)));
        }
        System.arraycopy(fields.getBytes(StandardCharsets.US_ASCII), 0, header, prefix, fields.length());
        header[total - 1] = '\n';
        return header;
    }
}
