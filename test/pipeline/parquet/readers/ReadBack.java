// Reads the fixtures of write-fixtures.ts with parquet-java: prints schema and rows of each file as a line of JSON, and
// fails where a bound does not hold or a filter that skips row groups and pages by the file's indexes loses a row.

import java.io.PrintStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Collectors;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnReader;
import org.apache.parquet.column.impl.ColumnReadStoreImpl;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.filter2.compat.FilterCompat;
import org.apache.parquet.filter2.predicate.FilterApi;
import org.apache.parquet.filter2.predicate.FilterPredicate;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.DecimalLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.IntLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.ListLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.MapLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeUnit;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimestampLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.UUIDLogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;

@SuppressWarnings("deprecation")
class ReadBack {
  static int bounds = 0;
  static int filters = 0;

  public static void main(String[] arguments) throws Exception {
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    List<Path> files;
    try (var all = Files.list(Path.of(arguments[0]))) {
      files = all.filter(file -> file.toString().endsWith(".parquet")).sorted().collect(Collectors.toList());
    }
    for (Path file : files) {
      String name = file.getFileName().toString().replace(".parquet", "");
      MessageType schema;
      try (ParquetFileReader reader = open(file, FilterCompat.NOOP)) {
        schema = reader.getFooter().getFileMetaData().getSchema();
        checkName(name, reader.getFooter().getFileMetaData().getKeyValueMetaData().get("fixture"));
      }
      List<String> rows = rows(file, schema);
      for (ColumnDescriptor leaf : schema.getColumns()) {
        // Only the leaf's column is read.
        checkLeaf(file, new MessageType(schema.getName(), schema.getType(leaf.getPath()[0])), leaf);
      }
      out.println("{\"name\":" + text(name) + ",\"schema\":" + fields(schema) + ",\"rows\":" + array(rows) + "}");
    }
    out.println("{\"bounds\":" + bounds + ",\"filters\":" + filters + "}");
    out.flush();
  }

  static void checkName(String expected, String actual) {
    if (!expected.equals(actual)) throw new IllegalStateException("the metadata of " + expected + " says " + actual);
  }

  static ParquetFileReader open(Path file, FilterCompat.Filter filter) throws Exception {
    ParquetReadOptions options = ParquetReadOptions.builder(new PlainParquetConfiguration())
        .usePageChecksumVerification()
        .useStatsFilter()
        .useDictionaryFilter()
        .useColumnIndexFilter()
        .useBloomFilter()
        .withRecordFilter(filter)
        .build();
    return ParquetFileReader.open(new LocalInputFile(file), options);
  }

  static List<String> rows(Path file, MessageType schema) throws Exception {
    List<String> rows = new ArrayList<>();
    try (ParquetFileReader reader = open(file, FilterCompat.NOOP)) {
      for (PageReadStore pages = reader.readNextRowGroup(); pages != null; pages = reader.readNextRowGroup()) {
        RecordReader<Group> records =
            new ColumnIOFactory().getColumnIO(schema).getRecordReader(pages, new GroupRecordConverter(schema));
        for (long row = 0; row < pages.getRowCount(); row++) rows.add(struct(records.read(), schema));
      }
    }
    return rows;
  }

  // Statistics

  static void checkLeaf(Path file, MessageType schema, ColumnDescriptor leaf) throws Exception {
    PrimitiveType type = leaf.getPrimitiveType();
    Comparator<Object> order = type.comparator();
    List<Object> values = new ArrayList<>();
    try (ParquetFileReader reader = open(file, FilterCompat.NOOP)) {
      int index = reader.getFooter().getFileMetaData().getSchema().getColumns().indexOf(leaf);
      reader.setRequestedSchema(schema);
      for (BlockMetaData block : reader.getRowGroups()) {
        List<Object> some = values(reader.readNextRowGroup(), schema, leaf);
        ColumnChunkMetaData chunk = block.getColumns().get(index);
        checkBounds(file + " " + chunk.getPath(), chunk.getStatistics(), some, order);
        some.stream().filter(Objects::nonNull).forEach(values::add);
      }
    }
    // Filters on repeated columns are not in the API, and NaN equals nothing.
    if (leaf.getMaxRepetitionLevel() > 0) return;
    List<Object> ordered = values.stream().filter(value -> !isNan(value)).sorted(order).collect(Collectors.toList());
    if (ordered.isEmpty()) return;
    for (int at : new int[] {0, ordered.size() / 2, ordered.size() - 1}) {
      Object value = ordered.get(at);
      long expected = ordered.stream().filter(other -> order.compare(other, value) == 0).count();
      long found = count(file, schema, equal(leaf, value));
      String what = file + " " + String.join(".", leaf.getPath());
      if (found != expected) throw new IllegalStateException(what + ": a filter finds " + found + " of " + expected);
      filters++;
    }
  }

  static void checkBounds(String what, Statistics<?> statistics, List<Object> values, Comparator<Object> order) {
    long nulls = values.stream().filter(Objects::isNull).count();
    if (statistics.getNumNulls() != nulls) throw new IllegalStateException(what + ": null count");
    if (!statistics.hasNonNullValue()) return;
    for (Object value : values) {
      if (value == null) continue;
      boolean within = order.compare(statistics.genericGetMin(), value) <= 0 && order.compare(statistics.genericGetMax(), value) >= 0;
      if (!within) throw new IllegalStateException(what + ": a bound does not hold");
    }
    bounds++;
  }

  /** The leaf's entries, null where there is no value. */
  static List<Object> values(PageReadStore pages, MessageType schema, ColumnDescriptor leaf) {
    ColumnReader reader =
        new ColumnReadStoreImpl(pages, new GroupRecordConverter(schema).getRootConverter(), schema, null).getColumnReader(leaf);
    List<Object> values = new ArrayList<>();
    for (long i = 0; i < reader.getTotalValueCount(); i++) {
      boolean present = reader.getCurrentDefinitionLevel() == leaf.getMaxDefinitionLevel();
      values.add(present ? value(reader, leaf.getPrimitiveType().getPrimitiveTypeName()) : null);
      reader.consume();
    }
    return values;
  }

  static Object value(ColumnReader reader, PrimitiveTypeName type) {
    return switch (type) {
      case BOOLEAN -> reader.getBoolean();
      case INT32 -> reader.getInteger();
      case INT64 -> reader.getLong();
      case FLOAT -> reader.getFloat();
      case DOUBLE -> reader.getDouble();
      default -> reader.getBinary().copy();
    };
  }

  static boolean isNan(Object value) {
    return value instanceof Float single && single.isNaN() || value instanceof Double number && number.isNaN();
  }

  static FilterPredicate equal(ColumnDescriptor leaf, Object value) {
    String path = String.join(".", leaf.getPath());
    if (value instanceof Boolean truth) return FilterApi.eq(FilterApi.booleanColumn(path), truth);
    if (value instanceof Integer number) return FilterApi.eq(FilterApi.intColumn(path), number);
    if (value instanceof Long number) return FilterApi.eq(FilterApi.longColumn(path), number);
    if (value instanceof Float number) return FilterApi.eq(FilterApi.floatColumn(path), number);
    if (value instanceof Double number) return FilterApi.eq(FilterApi.doubleColumn(path), number);
    return FilterApi.eq(FilterApi.binaryColumn(path), (Binary) value);
  }

  static long count(Path file, MessageType schema, FilterPredicate predicate) throws Exception {
    FilterCompat.Filter filter = FilterCompat.get(predicate);
    long count = 0;
    try (ParquetFileReader reader = open(file, filter)) {
      reader.setRequestedSchema(schema);
      for (PageReadStore pages = reader.readNextFilteredRowGroup(); pages != null; pages = reader.readNextFilteredRowGroup()) {
        RecordReader<Group> records =
            new ColumnIOFactory().getColumnIO(schema).getRecordReader(pages, new GroupRecordConverter(schema), filter);
        for (long row = 0; row < pages.getRowCount(); row++) {
          records.read();
          if (!records.shouldSkipCurrentRecord()) count++;
        }
      }
    }
    return count;
  }

  // Schema, as [name, repetition, physical type or null, logical type or null, length, fields]

  static String fields(GroupType group) {
    return array(group.getFields().stream().map(ReadBack::field).collect(Collectors.toList()));
  }

  static String field(Type type) {
    LogicalTypeAnnotation logical = type.getLogicalTypeAnnotation();
    PrimitiveType leaf = type.isPrimitive() ? type.asPrimitiveType() : null;
    return array(List.of(
        text(type.getName()),
        text(type.getRepetition().name()),
        leaf == null ? "null" : text(leaf.getPrimitiveTypeName().name()),
        logical == null ? "null" : text(logical.toString()),
        String.valueOf(leaf == null ? 0 : leaf.getTypeLength()),
        leaf == null ? fields(type.asGroupType()) : "[]"));
  }

  // Values in the form of write-fixtures.ts

  static String struct(Group group, GroupType type) {
    List<String> values = new ArrayList<>();
    for (int i = 0; i < type.getFieldCount(); i++) values.add(optional(group, i, type.getType(i)));
    return array(values);
  }

  static String optional(Group group, int field, Type type) {
    return group.getFieldRepetitionCount(field) == 0 ? "null" : present(group, field, type);
  }

  static String present(Group group, int field, Type type) {
    if (type.isPrimitive()) return leaf(group, field, type.asPrimitiveType());
    Group inner = group.getGroup(field, 0);
    GroupType innerType = type.asGroupType();
    LogicalTypeAnnotation logical = type.getLogicalTypeAnnotation();
    boolean isList = logical instanceof ListLogicalTypeAnnotation;
    if (!isList && !(logical instanceof MapLogicalTypeAnnotation)) return struct(inner, innerType);
    List<String> items = new ArrayList<>();
    GroupType itemType = innerType.getType(0).asGroupType();
    for (int i = 0; i < inner.getFieldRepetitionCount(0); i++) {
      Group item = inner.getGroup(0, i);
      items.add(isList ? optional(item, 0, itemType.getType(0)) : struct(item, itemType));
    }
    return array(items);
  }

  static String leaf(Group group, int field, PrimitiveType type) {
    LogicalTypeAnnotation logical = type.getLogicalTypeAnnotation();
    boolean unsigned = logical instanceof IntLogicalTypeAnnotation integer && !integer.isSigned();
    boolean millis = logical instanceof TimestampLogicalTypeAnnotation time && time.getUnit() == TimeUnit.MILLIS;
    switch (type.getPrimitiveTypeName()) {
      case BOOLEAN:
        return String.valueOf(group.getBoolean(field, 0));
      case INT32:
        int small = group.getInteger(field, 0);
        return text(unsigned ? Integer.toUnsignedString(small) : Integer.toString(small));
      case INT64:
        long large = group.getLong(field, 0);
        return text(unsigned ? Long.toUnsignedString(large) : Long.toString(millis ? large * 1000 : large));
      case FLOAT:
        return number(group.getFloat(field, 0));
      case DOUBLE:
        return number(group.getDouble(field, 0));
      default:
        return text(binary(group.getBinary(field, 0).getBytes(), logical));
    }
  }

  static String binary(byte[] bytes, LogicalTypeAnnotation logical) {
    if (logical == null) return HexFormat.of().formatHex(bytes);
    if (logical instanceof DecimalLogicalTypeAnnotation) return new BigInteger(bytes).toString();
    if (!(logical instanceof UUIDLogicalTypeAnnotation)) return new String(bytes, StandardCharsets.UTF_8);
    ByteBuffer halves = ByteBuffer.wrap(bytes);
    return new UUID(halves.getLong(), halves.getLong()).toString();
  }

  static String number(double value) {
    return text(Double.isNaN(value) ? "nan" : HexFormat.of().toHexDigits(Double.doubleToRawLongBits(value)));
  }

  static String array(List<String> items) {
    return "[" + String.join(",", items) + "]";
  }

  static String text(String value) {
    StringBuilder json = new StringBuilder("\"");
    for (char character : value.toCharArray()) {
      boolean plain = character >= ' ' && character < 127 && character != '"' && character != '\\';
      json.append(plain ? String.valueOf(character) : String.format("\\u%04x", (int) character));
    }
    return json.append('"').toString();
  }
}
