package stator;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbClientBuilder;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.BillingMode;
import software.amazon.awssdk.services.dynamodb.model.KeyType;
import software.amazon.awssdk.services.dynamodb.model.ResourceInUseException;
import software.amazon.awssdk.services.dynamodb.model.ScalarAttributeType;

/**
 * Calls GetItem again and again through the AWS SDK for Java v2 (bench/bindings): "in process"|URL CALLS. Prints nanoseconds, as JSON.
 */
public final class GetItems {
  private GetItems() {}

  private static List<Long> measure(DynamoDbClient client, int calls) {
    try {
      client.createTable(r -> r.tableName("bench").billingMode(BillingMode.PAY_PER_REQUEST)
          .attributeDefinitions(a -> a.attributeName("pk").attributeType(ScalarAttributeType.S)).keySchema(k -> k.attributeName("pk").keyType(KeyType.HASH)));
    } catch (ResourceInUseException there) {
      // created in an earlier round
    }
    Map<String, AttributeValue> key = Map.of("pk", AttributeValue.fromS("a"));
    client.putItem(r -> r.tableName("bench").item(Map.of("pk", key.get("pk"), "text", AttributeValue.fromS("x".repeat(100)), "n", AttributeValue.fromN("1"))));
    List<Long> times = new ArrayList<>();
    // The virtual machine compiles code that runs often: make enough calls before the measured ones.
    for (int call = 0; call < calls * 4; call++) {
      long began = System.nanoTime();
      Map<String, AttributeValue> item = client.getItem(r -> r.tableName("bench").key(key)).item();
      long took = System.nanoTime() - began;
      if (item.size() != 3) throw new AssertionError(item);
      if (call >= calls * 3) times.add(took);
    }
    return times;
  }

  public static void main(String[] arguments) {
    DynamoDbClientBuilder builder = DynamoDbClient.builder().region(Region.US_EAST_1)
        .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("local", "local")));
    int calls = Integer.parseInt(arguments[1]);
    if (arguments[0].equals("in process")) {
      try (Database database = Database.openInMemory(); DynamoDbClient client = builder.httpClient(database.httpClient()).build()) {
        System.out.println(measure(client, calls));
      }
    } else {
      try (DynamoDbClient client = builder.endpointOverride(URI.create(arguments[0])).httpClient(UrlConnectionHttpClient.create()).build()) {
        System.out.println(measure(client, calls));
      }
    }
  }
}
