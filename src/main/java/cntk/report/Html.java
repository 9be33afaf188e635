package cntk.report;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import java.util.List;
import javax.imageio.ImageIO;

/** Pieces of a page that needs nothing but itself. */
final class Html {
    private Html() {}

    static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }

    /** An image inside the page, as PNG. */
    static String picture(BufferedImage image, String kind, String words) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", bytes);
        } catch (IOException e) { // a stream in memory
            throw new UncheckedIOException(e);
        }
        return "<img class=\"" + kind + "\" alt=\"" + escaped(words) + "\" src=\"data:image/png;base64,"
                + Base64.getEncoder().encodeToString(bytes.toByteArray()) + "\">";
    }

    /** A table of names and values. */
    static String facts(List<List<String>> rows) {
        StringBuilder table = new StringBuilder("<table class=\"facts\">\n");
        for (List<String> row : rows) {
            table.append("<tr><th>")
                    .append(escaped(row.getFirst()))
                    .append("</th><td>")
                    .append(escaped(row.getLast()))
                    .append("</td></tr>\n");
        }
        return table.append("</table>\n").toString();
    }
}
