package cntk.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;

/** How records become JSON here: snake_case names, indented, in the order of the record. */
public final class Json {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES) // a record of a newer version is still readable
            .build();

    private Json() {}

    /** A record, map or list as text, without a line end. */
    public static String text(Object record) {
        try {
            return MAPPER.writeValueAsString(record);
        } catch (JsonProcessingException unserialisable) {
            throw new IllegalStateException(unserialisable);
        }
    }

    static <T> T parse(String text, Class<T> type) throws JsonProcessingException {
        return MAPPER.readValue(text, type);
    }
}
