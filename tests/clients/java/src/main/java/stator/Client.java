package stator;

import java.net.URI;
import java.time.Duration;
import java.util.Map;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.api.BackoffStrategy;
import software.amazon.awssdk.retries.api.RetryStrategy;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbClientBuilder;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.BillingMode;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbException;
import software.amazon.awssdk.services.dynamodb.model.KeyType;
import software.amazon.awssdk.services.dynamodb.model.ScalarAttributeType;

/**
 * The AWS SDK for Java v2 against a Stator server: prints "ok", or the code of the error reply.
 * With STATOR_ATTEMPTS, it writes 20 items to an existing table, each in at most that many attempts, and prints how many it
 * then finds: "ok 20".
 * Environment: STATOR_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, STATOR_TABLE.
 */
public final class Client {
  private Client() {}

  private static String variable(String name) {
    String value = System.getenv(name);
    return value == null ? "" : value;
  }

  private static String writes(DynamoDbClient client, String table) {
    for (int i = 0; i < 20; i++) {
      AttributeValue key = AttributeValue.fromS(Integer.toString(i));
      client.putItem(r -> r.tableName(table).item(Map.of("pk", key)));
    }
    return "ok " + client.scan(r -> r.tableName(table).consistentRead(true)).count();
  }

  private static RetryStrategy retries(int attempts) {
    BackoffStrategy soon = BackoffStrategy.exponentialDelay(Duration.ofMillis(20), Duration.ofMillis(50));
    return AwsRetryStrategy.standardRetryStrategy().toBuilder()
        .maxAttempts(attempts).backoffStrategy(soon).throttlingBackoffStrategy(soon).build();
  }

  private static void session(DynamoDbClient client, String table) {
    client.createTable(r -> r.tableName(table)
        .attributeDefinitions(a -> a.attributeName("pk").attributeType(ScalarAttributeType.S))
        .keySchema(k -> k.attributeName("pk").keyType(KeyType.HASH))
        .billingMode(BillingMode.PAY_PER_REQUEST));
    client.waiter().waitUntilTableExists(r -> r.tableName(table));
    AttributeValue key = AttributeValue.fromS("é 😀");
    Map<String, AttributeValue> item = Map.of("pk", key, "n", AttributeValue.fromN("1"));
    client.putItem(r -> r.tableName(table).item(item));
    Map<String, AttributeValue> got =
        client.getItem(r -> r.tableName(table).key(Map.of("pk", key)).consistentRead(true)).item();
    if (!got.equals(item)) throw new IllegalStateException("got " + got);
    try {
      client.putItem(r -> r.tableName(table).item(item).conditionExpression("attribute_not_exists(pk)"));
      throw new IllegalStateException("a condition that fails was not told");
    } catch (ConditionalCheckFailedException expected) {
      // as expected
    }
    client.transactWriteItems(r -> r.transactItems(t -> t.delete(d -> d.tableName(table).key(Map.of("pk", key)))));
    client.deleteTable(r -> r.tableName(table));
  }

  public static void main(String[] arguments) {
    String id = variable("AWS_ACCESS_KEY_ID");
    String secret = variable("AWS_SECRET_ACCESS_KEY");
    String token = variable("AWS_SESSION_TOKEN");
    AwsCredentials credentials =
        token.isEmpty() ? AwsBasicCredentials.create(id, secret) : AwsSessionCredentials.create(id, secret, token);
    String attempts = variable("STATOR_ATTEMPTS");
    DynamoDbClientBuilder builder = DynamoDbClient.builder()
        .region(Region.US_EAST_1)
        .endpointOverride(URI.create(variable("STATOR_URL")))
        .credentialsProvider(StaticCredentialsProvider.create(credentials))
        .httpClient(UrlConnectionHttpClient.create());
    if (!attempts.isEmpty()) {
      builder.overrideConfiguration(c -> c.retryStrategy(retries(Integer.parseInt(attempts))));
    }
    try (DynamoDbClient client = builder.build()) {
      if (attempts.isEmpty()) {
        session(client, variable("STATOR_TABLE"));
        System.out.println("ok");
      } else {
        System.out.println(writes(client, variable("STATOR_TABLE")));
      }
    } catch (DynamoDbException error) {
      System.out.println(error.awsErrorDetails().errorCode());
    }
  }
}
