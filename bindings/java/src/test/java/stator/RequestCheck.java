package stator;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** Without the AWS SDK. */
public final class RequestCheck {
  public static void main(String[] arguments) throws Exception {
    try (Database database = Database.openInMemory();
        Everywhere everywhere = database.everywhere()) {
      final Database.Reply reply = database.request("ListTables", "{}".getBytes(UTF_8), null);
      if (reply.status != 200) throw new AssertionError(reply.status);
      final HttpRequest request =
          HttpRequest.newBuilder(everywhere.url())
              .header("X-Amz-Target", "DynamoDB_20120810.ListTables")
              .POST(HttpRequest.BodyPublishers.ofString("{}"))
              .build();
      final String body = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body();
      if (!body.equals("{\"TableNames\":[]}")) throw new AssertionError(body);
    }
    System.out.println("answered without the SDK");
  }
}
