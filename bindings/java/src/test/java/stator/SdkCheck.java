package stator;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.api.BackoffStrategy;
import software.amazon.awssdk.retries.api.RetryStrategy;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.*;

/** Checks the AWS SDK for Java v2, answered in process. Prints what passed; throws an exception at the first failure. */
public final class SdkCheck {
  private static int checks = 0;

  private static void check(boolean holds, Object what) {
    if (!holds) throw new AssertionError(String.valueOf(what));
    ++checks;
  }

  private interface Action {
    void run();
  }

  private static <T extends Throwable> T thrown(Class<T> type, Action action) {
    try {
      action.run();
    } catch (Throwable fault) {
      check(type.isInstance(fault), fault);
      return type.cast(fault);
    }
    throw new AssertionError("no " + type.getSimpleName());
  }

  private static AttributeValue s(String text) {
    return AttributeValue.fromS(text);
  }

  private static AttributeValue n(int number) {
    return AttributeValue.fromN(String.valueOf(number));
  }

  private static DynamoDbClient client(Database database) {
    return DynamoDbClient.builder()
        .region(Region.US_EAST_1)
        .credentialsProvider(AnonymousCredentialsProvider.create())
        .httpClient(database.httpClient())
        .overrideConfiguration(overrides -> overrides.retryStrategy(RETRIES))
        .build();
  }

  private static void createTable(DynamoDbClient client) {
    client.createTable(
        table ->
            table
                .tableName("things")
                .billingMode(BillingMode.PAY_PER_REQUEST)
                .attributeDefinitions(
                    AttributeDefinition.builder().attributeName("pk").attributeType("S").build(),
                    AttributeDefinition.builder().attributeName("sk").attributeType("N").build())
                .keySchema(
                    KeySchemaElement.builder().attributeName("pk").keyType("HASH").build(),
                    KeySchemaElement.builder().attributeName("sk").keyType("RANGE").build()));
    client.waiter().waitUntilTableExists(table -> table.tableName("things"));
  }

  private static void itemsConditionsAndPages(Database database) {
    database.reset();
    final DynamoDbClient client = client(database);
    createTable(client);
    for (int sk = 0; sk < 20; ++sk) {
      final Map<String, AttributeValue> item =
          Map.of("pk", s("né 😀"), "sk", n(sk), "blob", AttributeValue.fromB(SdkBytes.fromByteArray(new byte[] {0, -1})));
      client.putItem(put -> put.tableName("things").item(item));
    }
    final List<Integer> pages = new ArrayList<>();
    client
        .queryPaginator(
            query ->
                query
                    .tableName("things")
                    .limit(7)
                    .keyConditionExpression("pk = :a")
                    .expressionAttributeValues(Map.of(":a", s("né 😀"))))
        .forEach(page -> pages.add(page.count()));
    check(pages.equals(List.of(7, 7, 6)), pages);
    final ConditionalCheckFailedException failed =
        thrown(
            ConditionalCheckFailedException.class,
            () ->
                client.putItem(
                    put ->
                        put.tableName("things")
                            .item(Map.of("pk", s("né 😀"), "sk", n(1)))
                            .conditionExpression("attribute_not_exists(pk)")
                            .returnValuesOnConditionCheckFailure(ReturnValuesOnConditionCheckFailure.ALL_OLD)));
    check(failed.item().size() == 3 && failed.statusCode() == 400 && failed.requestId() != null, failed);
    thrown(ResourceNotFoundException.class, () -> client.describeTable(table -> table.tableName("missing")));
  }

  private static void transactionsAndStatements(Database database) {
    database.reset();
    final DynamoDbClient client = client(database);
    createTable(client);
    final TransactionCanceledException cancelled =
        thrown(
            TransactionCanceledException.class,
            () ->
                client.transactWriteItems(
                    write ->
                        write.transactItems(
                            TransactWriteItem.builder().put(put -> put.tableName("things").item(Map.of("pk", s("a"), "sk", n(1)))).build(),
                            TransactWriteItem.builder()
                                .conditionCheck(
                                    that ->
                                        that.tableName("things")
                                            .key(Map.of("pk", s("a"), "sk", n(2)))
                                            .conditionExpression("attribute_exists(pk)"))
                                .build())));
    check(cancelled.cancellationReasons().get(1).code().equals("ConditionalCheckFailed"), cancelled);
    client.executeStatement(insert -> insert.statement("INSERT INTO things VALUE {'pk': 'b', 'sk': 1}"));
    check(client.executeStatement(select -> select.statement("SELECT * FROM things WHERE pk = 'b'")).items().size() == 1, "SELECT");
  }

  private static void regionsOfSignedRequests(Database database) {
    database.reset();
    createTable(client(database));
    final DynamoDbClient west =
        DynamoDbClient.builder()
            .region(Region.EU_WEST_1)
            .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("local", "local")))
            .httpClient(database.httpClient())
            .build();
    final String arn = "arn:aws:dynamodb:eu-west-1:000000000000:table/things";
    check(west.describeTable(table -> table.tableName(arn)).table().tableName().equals("things"), arn);
  }

  private static void snapshotsAndClock() {
    final Instant start = Instant.parse("2026-01-01T00:00:00Z");
    final Database database = Database.open(new Database.Options().clock(start).streamShards(2));
    createTable(client(database));
    database.saveSnapshot("with-table");
    database.saveSnapshot("start");
    check(database.snapshots().equals(List.of("start", "with-table")), database.snapshots());
    database.dropSnapshot("start");
    database.reset();
    check(client(database).listTables().tableNames().isEmpty(), "reset");
    database.restoreSnapshot("with-table");
    check(client(database).listTables().tableNames().equals(List.of("things")), "restored");
    thrown(IllegalStateException.class, () -> database.restoreSnapshot("start"));
    thrown(IllegalArgumentException.class, () -> database.dropSnapshot("with-table\0more"));
    check(database.snapshots().equals(List.of("with-table")), database.snapshots());
    check(database.request("ListTables\0more", "{}".getBytes(), null).errorType.equals("UnknownOperationException"), "a zero byte");
    database.advanceClock(Duration.ofSeconds(5));
    check(database.clock().equals(start.plusSeconds(5)), database.clock());
    thrown(IllegalStateException.class, () -> database.setClock(Instant.ofEpochMilli(-1)));
    database.close();
    database.close();
    thrown(IllegalStateException.class, database::reset);
  }

  private static void directories() throws Exception {
    final Path directory = Files.createTempDirectory("stator-java").resolve("data \"é");
    try (Database database = Database.open(new Database.Options().directory(directory).sync(true))) {
      createTable(client(database));
      thrown(IllegalStateException.class, () -> Database.open(new Database.Options().directory(directory)));
    }
    try (Database database = Database.open(new Database.Options().directory(directory))) {
      final Database.Reply reply = database.request("ListTables", "{}".getBytes(UTF_8), null);
      check(reply.status == 200 && new String(reply.body, UTF_8).equals("{\"TableNames\":[\"things\"]}"), reply.status);
      check(database.request("ListTables", "{".getBytes(UTF_8), null).errorType.equals("SerializationException"), "no JSON");
    }
    thrown(IllegalStateException.class, () -> Database.open(new Database.Options().streamShards(0)));
    final Path folder = Files.createTempDirectory("stator-java");
    final Path inside = Files.createDirectory(folder.resolve("inside"));
    // A name that Java cannot spell, but can list.
    check(new ProcessBuilder("sh", "-c", "mkdir \"$0/$(printf 'a\\377b')\"", inside.toString()).start().waitFor() == 0, "mkdir");
    final Path found;
    try (Stream<Path> names = Files.list(inside)) {
      found = names.findFirst().orElseThrow();
    }
    for (final Function<Path, Database.Options> option : OPTIONS_OF_PATHS) {
      check(thrown(IllegalArgumentException.class, () -> option.apply(found)).getMessage().endsWith("UTF-8, not " + inside + "/a%FFb"), found);
    }
    try (FileSystem archive = FileSystems.newFileSystem(URI.create("jar:" + folder.resolve("a.zip").toUri()), Map.of("create", "true"))) {
      for (final Function<Path, Database.Options> option : OPTIONS_OF_PATHS) {
        check(thrown(IllegalArgumentException.class, () -> option.apply(archive.getPath("/data"))).getMessage().contains("on a disk"), "an archive");
      }
    }
  }

  private static final List<Function<Path, Database.Options>> OPTIONS_OF_PATHS =
      List.of(path -> new Database.Options().directory(path), path -> new Database.Options().buckets(path));

  private static DynamoDbAsyncClient asyncClient(Database database) {
    return DynamoDbAsyncClient.builder()
        .region(Region.US_EAST_1)
        .credentialsProvider(AnonymousCredentialsProvider.create())
        .httpClient(database.asyncHttpClient())
        .overrideConfiguration(overrides -> overrides.retryStrategy(RETRIES))
        .build();
  }

  private static void asynchronousClients(Database database) throws Exception {
    database.reset();
    createTable(client(database));
    final DynamoDbAsyncClient client = asyncClient(database);
    final List<CompletableFuture<?>> puts = new ArrayList<>();
    for (int sk = 0; sk < 50; ++sk) {
      final Map<String, AttributeValue> item = Map.of("pk", s("né 😀"), "sk", n(sk));
      puts.add(client.putItem(put -> put.tableName("things").item(item)));
    }
    CompletableFuture.allOf(puts.toArray(new CompletableFuture<?>[0])).get(60, TimeUnit.SECONDS);
    final AtomicInteger found = new AtomicInteger();
    client.scanPaginator(scan -> scan.tableName("things").limit(7)).items().subscribe(item -> found.incrementAndGet()).get(60, TimeUnit.SECONDS);
    check(found.get() == 50, found);
    client.waiter().waitUntilTableExists(table -> table.tableName("things")).get(60, TimeUnit.SECONDS);
    final Throwable failed =
        thrown(CompletionException.class, () -> client.describeTable(table -> table.tableName("missing")).join()).getCause();
    check(failed instanceof ResourceNotFoundException, failed);
    faults(
        database,
        put -> {
          try {
            client.putItem(put).join();
          } catch (CompletionException fault) {
            throw (RuntimeException) fault.getCause();
          }
        });
    // A reply that is held back occupies no thread.
    database.simulate("{\"rules\":[{\"then\":{\"latency_ms\":300}}]}");
    final long begin = System.nanoTime();
    final List<CompletableFuture<?>> scans = new ArrayList<>();
    for (int i = 0; i < 40; ++i) scans.add(client.scan(scan -> scan.tableName("things")));
    CompletableFuture.allOf(scans.toArray(new CompletableFuture<?>[0])).get(60, TimeUnit.SECONDS);
    check(System.nanoTime() - begin < 5_000_000_000L, "one after the other");
    database.simulate(null);
    // The program's own work may occupy all threads of the common pool.
    final CountDownLatch busy = new CountDownLatch(1);
    for (int i = 0; i <= ForkJoinPool.getCommonPoolParallelism(); ++i) {
      ForkJoinPool.commonPool()
          .execute(
              () -> {
                try {
                  busy.await();
                } catch (InterruptedException interrupted) {
                  Thread.currentThread().interrupt();
                }
              });
    }
    try {
      check(client.listTables().get(30, TimeUnit.SECONDS).tableNames().equals(List.of("things")), "beside a busy common pool");
    } finally {
      busy.countDown();
    }
    final Database closed = Database.openInMemory();
    closed.close();
    thrown(CompletionException.class, () -> asyncClient(closed).listTables().join());
  }

  /**
   * Three attempts. Without a pause between them, the SDK's asynchronous clients may take the error of one attempt for that of the next: a reply has
   * two handlers, and the second gets the error after the first has begun the next attempt.
   */
  private static final BackoffStrategy PAUSE = BackoffStrategy.fixedDelayWithoutJitter(Duration.ofMillis(50));

  private static final RetryStrategy RETRIES =
      AwsRetryStrategy.standardRetryStrategy().toBuilder()
          .maxAttempts(3)
          .backoffStrategy(PAUSE)
          .throttlingBackoffStrategy(PAUSE)
          .circuitBreakerEnabled(false)
          .build();

  private static void faults(Database database, Consumer<PutItemRequest> put) {
    final PutItemRequest request = PutItemRequest.builder().tableName("things").item(Map.of("pk", s("a"), "sk", n(1))).build();
    for (final String then :
        List.of(
            "{\"cut\":\"before\"}", "{\"cut\":\"after\"}", "{\"throttle\":\"KeyRangeThroughputExceeded\"}", "{\"error\":\"InternalServerError\"}")) {
      final String rule = "{\"rules\":[{\"when\":{\"operation\":\"PutItem\"%s},\"then\":%s}]}";
      database.simulate(String.format(rule, ",\"first\":2", then));
      put.accept(request);
      database.simulate(String.format(rule, "", then));
      final SdkException fault = thrown(SdkException.class, () -> put.accept(request));
      check(then.contains("cut") ? fault.getCause() instanceof IOException : fault instanceof DynamoDbException, fault);
      check(database.simulated().contains("\"acted\":3"), database.simulated());
    }
    database.simulate("{\"rules\":[{\"when\":{\"operation\":\"PutItem\"},\"then\":{\"latency_ms\":10000}}]}");
    final long begin = System.nanoTime();
    final PutItemRequest hasty =
        request.toBuilder().overrideConfiguration(overrides -> overrides.apiCallTimeout(Duration.ofMillis(100))).build();
    thrown(ApiCallTimeoutException.class, () -> put.accept(hasty));
    check(System.nanoTime() - begin < 5_000_000_000L, "the timeout came late");
    final String fault = thrown(IllegalStateException.class, () -> database.simulate("{\"rules\":[{\"wh😀n\":{}}]}")).getMessage();
    check(fault.contains("rules[0]") && fault.contains("wh😀n"), fault);
    database.simulate(null);
    put.accept(request);
  }

  private static void stalenessAndThroughput() {
    final Instant start = Instant.parse("2026-01-01T00:00:00Z");
    final Duration second = Duration.ofSeconds(1);
    final Database.Options options = new Database.Options().clock(start).readStaleness(second).indexLag(second).streamLag(second).stalenessSeed(7);
    try (Database database = Database.open(options)) {
      final DynamoDbClient client = client(database);
      createTable(client);
      client.putItem(put -> put.tableName("things").item(Map.of("pk", s("a"), "sk", n(1))));
      final Set<Integer> seen = new HashSet<>();
      for (int i = 0; i < 50; ++i) seen.add(client.scan(scan -> scan.tableName("things")).count());
      check(seen.equals(Set.of(0, 1)), seen);
    }
    thrown(IllegalStateException.class, () -> Database.open(new Database.Options().enforceThroughput(true).indexLag(Duration.ofDays(1))));
  }

  private static void log() throws Exception {
    final Path folder = Files.createTempDirectory("stator-java");
    Files.createDirectory(folder.resolve("bucket"));
    Files.writeString(folder.resolve("bucket").resolve("items.json"), "{\"Item\":{\"pk\":{\"S\":\"a\"}}}\n{\"Item\":{\"pk\":{\"N\":\"1\"}}}\n");
    final LinkedBlockingQueue<String> lines = new LinkedBlockingQueue<>();
    final Consumer<String> log =
        line -> {
          Thread.currentThread().setUncaughtExceptionHandler((thread, fault) -> lines.add(fault.getMessage()));
          lines.add(line);
          throw new IllegalStateException("of the log's own");
        };
    try (Database database = Database.open(new Database.Options().buckets(folder).log(log))) {
      client(database)
          .importTable(
              wanted ->
                  wanted
                      .s3BucketSource(source -> source.s3Bucket("bucket"))
                      .inputFormat(InputFormat.DYNAMODB_JSON)
                      .tableCreationParameters(
                          table ->
                              table
                                  .tableName("things")
                                  .billingMode(BillingMode.PAY_PER_REQUEST)
                                  .attributeDefinitions(AttributeDefinition.builder().attributeName("pk").attributeType("S").build())
                                  .keySchema(KeySchemaElement.builder().attributeName("pk").keyType("HASH").build())));
      final String line = lines.poll(30, TimeUnit.SECONDS);
      check(line != null && line.startsWith("import ") && line.contains(" of table things: "), line);
      check("of the log's own".equals(lines.poll(30, TimeUnit.SECONDS)), "the log's fault");
    }
    thrown(IllegalStateException.class, () -> Database.open(new Database.Options().streamShards(0).log(log)));
  }

  private static void otherServices(Database database) {
    final SdkHttpRequest request = SdkHttpRequest.builder().method(SdkHttpMethod.GET).uri(URI.create("http://169.254.169.254/latest")).build();
    final IllegalStateException fault =
        thrown(
            IllegalStateException.class,
            () -> {
              try {
                database.httpClient().prepareRequest(HttpExecuteRequest.builder().request(request).build()).call();
              } catch (IOException unexpected) {
                throw new AssertionError(unexpected);
              }
            });
    check(fault.getMessage().endsWith("answered in process, not GET http://169.254.169.254/latest"), fault);
  }

  /** A client as it is created by code that does not know of a database. */
  private static DynamoDbClient clientOfItsOwn() {
    return DynamoDbClient.builder()
        .region(Region.EU_WEST_1)
        .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("a", "b")))
        .overrideConfiguration(override -> override.retryStrategy(AwsRetryStrategy.doNotRetry()))
        .build();
  }

  private static void everywhere() {
    final String property = "aws.endpointUrlDynamoDb";
    try (Database database = Database.openInMemory();
        Database another = Database.openInMemory();
        Everywhere here = database.everywhere()) {
      final DynamoDbClient client = clientOfItsOwn();
      createTable(client);
      check(client.describeTable(about -> about.tableName("things")).table().tableArn().contains(":eu-west-1:"), "the region");
      final Map<String, AttributeValue> item = Map.of("pk", s("né 😀"), "sk", n(1), "v", s("x".repeat(300_000)));
      client.putItem(put -> put.tableName("things").item(item));
      check(client.scan(scan -> scan.tableName("things")).items().equals(List.of(item)), "the item");
      thrown(ConditionalCheckFailedException.class, () -> client.putItem(put -> put.tableName("things").item(item).conditionExpression("attribute_not_exists(pk)")));
      database.simulate("{\"rules\":[{\"when\":{\"operation\":\"ListTables\"},\"then\":{\"cut\":\"after\"}}]}");
      check(thrown(SdkException.class, client::listTables).getCause() instanceof IOException, "the cut");
      try (Everywhere there = another.everywhere()) {
        check(clientOfItsOwn().listTables().tableNames().isEmpty(), "the innermost");
        check(System.getProperty(property).equals(there.url().toString()), "the innermost's address");
      }
      check(System.getProperty(property).equals(here.url().toString()), "the outer one's address");
      final Everywhere first = another.everywhere();
      try (Everywhere second = another.everywhere()) {
        first.close();
        check(System.getProperty(property).equals(second.url().toString()), "the address of the one that lasts");
      }
      check(System.getProperty(property).equals(here.url().toString()), "not that of one that has ended");
    }
    check(System.getProperty(property) == null, "no address");
  }

  private static void openWithLogThatRefersToIt(Path directory) {
    final AtomicReference<Database> itself = new AtomicReference<>();
    itself.set(Database.open(new Database.Options().directory(directory).log(line -> itself.get().close())));
  }

  private static void forgotten() throws Exception {
    final Path directory = Files.createTempDirectory("stator-java").resolve("data");
    openWithLogThatRefersToIt(directory);
    for (final long begin = System.nanoTime(); ; Thread.sleep(10)) {
      System.gc();
      try (Database again = Database.open(new Database.Options().directory(directory))) {
        break;
      } catch (IllegalStateException held) {
        check(System.nanoTime() - begin < 30_000_000_000L, held);
      }
    }
  }

  private static void threads(Database database) throws Exception {
    database.reset();
    final DynamoDbClient client = client(database);
    createTable(client);
    final List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 4; ++i) {
      threads.add(
          new Thread(
              () -> {
                for (int time = 0; time < 100; ++time) {
                  client.updateItem(
                      update ->
                          update
                              .tableName("things")
                              .key(Map.of("pk", s("count"), "sk", n(0)))
                              .updateExpression("ADD hits :one")
                              .expressionAttributeValues(Map.of(":one", n(1))));
                }
              }));
    }
    for (final Thread thread : threads) thread.start();
    for (final Thread thread : threads) thread.join();
    final Map<String, AttributeValue> counted =
        client.getItem(get -> get.tableName("things").key(Map.of("pk", s("count"), "sk", n(0)))).item();
    check(counted.get("hits").n().equals("400"), counted);
  }

  public static void main(String[] arguments) throws Exception {
    try (Database database = Database.openInMemory()) {
      itemsConditionsAndPages(database);
      transactionsAndStatements(database);
      regionsOfSignedRequests(database);
      threads(database);
      faults(database, client(database)::putItem);
      asynchronousClients(database);
      otherServices(database);
    }
    everywhere();
    log();
    stalenessAndThroughput();
    forgotten();
    snapshotsAndClock();
    directories();
    System.out.println(checks + " checks passed");
  }
}
