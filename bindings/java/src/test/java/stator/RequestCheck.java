package stator;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** Checks requests without the AWS SDK. With an argument: checks that each attempt reports, with this reason, that the library cannot be loaded. */
public final class RequestCheck {
  public static void main(String[] arguments) throws Exception {
    if (arguments.length > 0) {
      expectNotLoaded(arguments[0]);
      return;
    }
    try (Database database = Database.openInMemory();
        Everywhere everywhere = database.everywhere()) {
      if (!Database.version().matches("\\d+\\.\\d+\\.\\d+")) throw new AssertionError(Database.version());
      final Database.Reply reply = database.request("ListTables", "{}".getBytes(UTF_8), null);
      if (reply.status != 200) throw new AssertionError(reply.status);
      if (!database.call("ListTables", "{}").equals("{\"TableNames\":[]}")) throw new AssertionError("call");
      try {
        database.call("DescribeTable", "{\"TableName\":\"né 😀\"}");
        throw new AssertionError("no error");
      } catch (Database.OperationException error) {
        if (!error.type.equals("ValidationException") || error.status != 400 || !error.body.contains("né 😀")) throw error;
      }
      database.simulate("{\"rules\":[{\"when\":{\"first\":1},\"then\":{\"cut\":\"before\"}},{\"then\":{\"latency_ms\":50}}]}");
      try {
        database.call("ListTables", "{}");
        throw new AssertionError("not cut");
      } catch (UncheckedIOException cut) {
        // as it should be
      }
      final long began = System.nanoTime();
      database.call("ListTables", "{}");
      if (System.nanoTime() - began < 50_000_000) throw new AssertionError("not held back");
      database.simulate(null);
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

  private static void expectNotLoaded(String reason) {
    for (int time = 0; time < 2; ++time) {
      try {
        Database.openInMemory().close();
        throw new AssertionError("loaded");
      } catch (UnsatisfiedLinkError fault) {
        if (!fault.getMessage().contains(reason)) throw fault;
      }
    }
  }
}
