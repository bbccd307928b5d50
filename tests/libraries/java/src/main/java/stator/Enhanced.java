package stator;

import static software.amazon.awssdk.enhanced.dynamodb.model.QueryConditional.keyEqualTo;
import static software.amazon.awssdk.enhanced.dynamodb.model.QueryConditional.sortBetween;

import java.net.URI;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.enhanced.dynamodb.DynamoDbEnhancedClient;
import software.amazon.awssdk.enhanced.dynamodb.DynamoDbTable;
import software.amazon.awssdk.enhanced.dynamodb.Expression;
import software.amazon.awssdk.enhanced.dynamodb.Key;
import software.amazon.awssdk.enhanced.dynamodb.TableSchema;
import software.amazon.awssdk.enhanced.dynamodb.extensions.annotations.DynamoDbVersionAttribute;
import software.amazon.awssdk.enhanced.dynamodb.mapper.annotations.DynamoDbBean;
import software.amazon.awssdk.enhanced.dynamodb.mapper.annotations.DynamoDbPartitionKey;
import software.amazon.awssdk.enhanced.dynamodb.mapper.annotations.DynamoDbSecondaryPartitionKey;
import software.amazon.awssdk.enhanced.dynamodb.mapper.annotations.DynamoDbSecondarySortKey;
import software.amazon.awssdk.enhanced.dynamodb.mapper.annotations.DynamoDbSortKey;
import software.amazon.awssdk.enhanced.dynamodb.model.BatchGetItemEnhancedRequest;
import software.amazon.awssdk.enhanced.dynamodb.model.BatchWriteItemEnhancedRequest;
import software.amazon.awssdk.enhanced.dynamodb.model.Page;
import software.amazon.awssdk.enhanced.dynamodb.model.ReadBatch;
import software.amazon.awssdk.enhanced.dynamodb.model.TransactWriteItemsEnhancedRequest;
import software.amazon.awssdk.enhanced.dynamodb.model.WriteBatch;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.ProjectionType;
import software.amazon.awssdk.services.dynamodb.model.TransactionCanceledException;

/**
 * The enhanced client of the AWS SDK for Java v2 against a Stator server: prints "ok", or what differed from the expectation.
 * Environment: STATOR_URL.
 */
public final class Enhanced {
  private Enhanced() {}

  /** A part of an order. */
  @DynamoDbBean
  public static class Line {
    private String sku;
    private Integer count;

    public String getSku() {
      return sku;
    }

    public void setSku(String sku) {
      this.sku = sku;
    }

    public Integer getCount() {
      return count;
    }

    public void setCount(Integer count) {
      this.count = count;
    }
  }

  /** What the table holds. */
  @DynamoDbBean
  public static class Order {
    private String customer;
    private Integer number;
    private String status;
    private Instant at;
    private Set<String> tags;
    private List<Line> lines;
    private Map<String, String> notes;
    private Long version;

    @DynamoDbPartitionKey
    public String getCustomer() {
      return customer;
    }

    public void setCustomer(String customer) {
      this.customer = customer;
    }

    @DynamoDbSortKey
    public Integer getNumber() {
      return number;
    }

    public void setNumber(Integer number) {
      this.number = number;
    }

    @DynamoDbSecondaryPartitionKey(indexNames = "by-status")
    public String getStatus() {
      return status;
    }

    public void setStatus(String status) {
      this.status = status;
    }

    @DynamoDbSecondarySortKey(indexNames = "by-status")
    public Instant getAt() {
      return at;
    }

    public void setAt(Instant at) {
      this.at = at;
    }

    public Set<String> getTags() {
      return tags;
    }

    public void setTags(Set<String> tags) {
      this.tags = tags;
    }

    public List<Line> getLines() {
      return lines;
    }

    public void setLines(List<Line> lines) {
      this.lines = lines;
    }

    public Map<String, String> getNotes() {
      return notes;
    }

    public void setNotes(Map<String, String> notes) {
      this.notes = notes;
    }

    @DynamoDbVersionAttribute
    public Long getVersion() {
      return version;
    }

    public void setVersion(Long version) {
      this.version = version;
    }
  }

  private static void expect(String what, Object actual, Object wanted) {
    if (!Objects.equals(actual, wanted)) throw new AssertionError(what + ": " + actual + ", expected " + wanted);
  }

  private static Order order(String customer, int number) {
    Line line = new Line();
    line.setSku("s" + number);
    line.setCount(number);
    Order order = new Order();
    order.setCustomer(customer);
    order.setNumber(number);
    order.setStatus(number % 2 == 0 ? "new" : "paid");
    order.setAt(Instant.ofEpochSecond(1_700_000_000L + number));
    order.setTags(Set.of("a", "b"));
    order.setLines(List.of(line));
    order.setNotes(Map.of("k", "é 😀"));
    return order;
  }

  private static Key key(String customer, int number) {
    return Key.builder().partitionValue(customer).sortValue(number).build();
  }

  private static Expression where(String text, String value) {
    return Expression.builder().expression(text).expressionNames(Map.of("#s", "status")).expressionValues(Map.of(":v", AttributeValue.fromS(value))).build();
  }

  private static void program(DynamoDbClient client) {
    DynamoDbEnhancedClient enhanced = DynamoDbEnhancedClient.builder().dynamoDbClient(client).build();
    DynamoDbTable<Order> table = enhanced.table("orders", TableSchema.fromBean(Order.class));
    table.createTable(r -> r.globalSecondaryIndices(i -> i.indexName("by-status").projection(p -> p.projectionType(ProjectionType.ALL))));
    client.waiter().waitUntilTableExists(r -> r.tableName("orders"));
    expect("index", table.describeTable().table().globalSecondaryIndexes().get(0).indexName(), "by-status");
    for (int n = 0; n < 30; n++) table.putItem(order("ann", n));
    Order third = table.getItem(r -> r.key(key("ann", 3)).consistentRead(true));
    expect("tags", third.getTags(), Set.of("a", "b"));
    expect("line", third.getLines().get(0).getCount(), 3);
    expect("notes", third.getNotes().get("k"), "é 😀");
    expect("version", third.getVersion(), 1L);
    try {
      table.putItem(order("ann", 3));
      throw new AssertionError("a first version was put over one that is there");
    } catch (ConditionalCheckFailedException refused) {
      expect("none", table.getItem(key("ann", 99)), null);
    }
    third.setStatus("shipped");
    third.setNotes(null);
    Order updated = table.updateItem(third);
    expect("updated", List.of(updated.getStatus(), updated.getVersion()), List.of("shipped", 2L));
    expect("removed", updated.getNotes(), null);

    List<Integer> seen = new ArrayList<>();
    int pages = 0;
    for (Page<Order> page : table.query(r -> r.queryConditional(sortBetween(key("ann", 5), key("ann", 24))).limit(6))) {
      page.items().forEach(each -> seen.add(each.getNumber()));
      pages++;
    }
    expect("pages", List.of(pages, seen.size()), List.of(4, 20));
    List<Integer> paid = table.query(r -> r.queryConditional(keyEqualTo(k -> k.partitionValue("ann"))).scanIndexForward(false)
        .filterExpression(where("#s = :v", "paid"))).items().stream().map(Order::getNumber).limit(3).collect(Collectors.toList());
    expect("filtered", paid, List.of(29, 27, 25));
    long indexed = table.index("by-status").query(r -> r.queryConditional(keyEqualTo(k -> k.partitionValue("new")))).stream()
        .mapToLong(page -> page.items().size()).sum();
    expect("indexed", indexed, 15L);
    expect("scanned", table.scan(r -> r.filterExpression(where("#s = :v", "shipped"))).items().stream().count(), 1L);

    // Batches have no conditions, so they do not support versions either.
    DynamoDbTable<Order> plain = DynamoDbEnhancedClient.builder().dynamoDbClient(client).extensions(List.of()).build()
        .table("orders", TableSchema.fromBean(Order.class));
    WriteBatch.Builder<Order> writes = WriteBatch.builder(Order.class).mappedTableResource(plain);
    IntStream.range(0, 25).forEach(n -> writes.addPutItem(order("bob", n)));
    expect("unprocessed", enhanced.batchWriteItem(BatchWriteItemEnhancedRequest.builder().writeBatches(writes.build()).build())
        .unprocessedPutItemsForTable(plain).size(), 0);
    ReadBatch.Builder<Order> reads = ReadBatch.builder(Order.class).mappedTableResource(table);
    IntStream.range(0, 30).forEach(n -> reads.addGetItem(key("bob", n)));
    expect("batch", enhanced.batchGetItem(BatchGetItemEnhancedRequest.builder().readBatches(reads.build()).build()).resultsForTable(table).stream().count(), 25L);

    Order fourth = table.getItem(key("ann", 4));
    fourth.setStatus("paid");
    enhanced.transactWriteItems(r -> r.addUpdateItem(table, fourth).addDeleteItem(table, key("bob", 1)).addPutItem(table, order("eve", 1))
        .addConditionCheck(table, c -> c.key(key("ann", 3)).conditionExpression(where("#s = :v", "shipped"))));
    expect("transaction", table.getItem(key("ann", 4)).getStatus(), "paid");
    try {
      TransactWriteItemsEnhancedRequest.Builder failing = TransactWriteItemsEnhancedRequest.builder().addDeleteItem(table, key("eve", 1))
          .addConditionCheck(table, c -> c.key(key("ann", 3)).conditionExpression(where("#s = :v", "new")));
      enhanced.transactWriteItems(failing.build());
      throw new AssertionError("a transaction was not cancelled");
    } catch (TransactionCanceledException cancelled) {
      expect("reasons", cancelled.cancellationReasons().stream().map(each -> each.code()).collect(Collectors.toList()), List.of("None", "ConditionalCheckFailed"));
    }
    expect("read", enhanced.transactGetItems(r -> r.addGetItem(table, key("eve", 1)).addGetItem(table, key("bob", 1))).get(0).getItem(table).getNumber(), 1);
    expect("deleted", table.deleteItem(r -> r.key(key("eve", 1)).conditionExpression(where("#s = :v", "paid"))).getVersion(), 1L);
    table.deleteTable();
    client.waiter().waitUntilTableNotExists(r -> r.tableName("orders"));
  }

  public static void main(String[] arguments) {
    DynamoDbClient client = DynamoDbClient.builder().endpointOverride(URI.create(System.getenv("STATOR_URL"))).region(Region.US_EAST_1)
        .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("local", "local")))
        .httpClient(UrlConnectionHttpClient.create()).build();
    try (client) {
      program(client);
      System.out.println("ok");
    }
  }
}
