package stator;

import static java.nio.charset.StandardCharsets.UTF_8;

/** Without the AWS SDK. */
public final class RequestCheck {
  public static void main(String[] arguments) {
    try (Database database = Database.openInMemory()) {
      final Database.Reply reply = database.request("ListTables", "{}".getBytes(UTF_8), null);
      if (reply.status != 200) throw new AssertionError(reply.status);
    }
    System.out.println("answered without the SDK");
  }
}
