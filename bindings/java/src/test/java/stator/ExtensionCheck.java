package stator;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import stator.junit.StatorExtension;

/** Checks the extension for JUnit with classes of tests that leave something behind. */
public final class ExtensionCheck {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final String TABLE =
      "{\"TableName\":\"%s\",\"BillingMode\":\"PAY_PER_REQUEST\",\"AttributeDefinitions\":[{\"AttributeName\":\"pk\",\"AttributeType\":\"S\"}],"
          + "\"KeySchema\":[{\"AttributeName\":\"pk\",\"KeyType\":\"HASH\"}]}";

  private static String ask(Database database, String target, String body) {
    return new String(database.request(target, body.getBytes(UTF_8), null).body, UTF_8);
  }

  /** Checks the state with which every test begins, then leaves behind what the next one must not see. */
  private static void check(Database database) {
    if (!ask(database, "ListTables", "{}").equals("{\"TableNames\":[\"seeded\"]}")) throw new AssertionError(ask(database, "ListTables", "{}"));
    if (!database.clock().equals(START)) throw new AssertionError(database.clock());
    ask(database, "CreateTable", String.format(TABLE, "another"));
    database.advanceClock(Duration.ofDays(1));
    database.simulate("{\"rules\":[{\"then\":{\"error\":\"InternalServerError\"}}]}");
  }

  static StatorExtension extension() {
    final Consumer<Database> seed = database -> ask(database, "CreateTable", String.format(TABLE, "seeded"));
    return new StatorExtension(new Database.Options().clock(START)).seed(seed);
  }

  static class OneForTheClass {
    @RegisterExtension static final StatorExtension stator = extension();
    static Database first;

    @BeforeAll
    static void beforeAll(Database database) {
      first = database;
    }

    @Test
    void one(Database database) {
      check(database);
    }

    @Test
    void another() {
      check(stator.database());
    }

    @Nested
    class Inside {
      @Test
      void third(Database database) {
        check(database);
        if (database != first) throw new AssertionError("another database");
      }
    }

    @AfterAll
    static void afterAll(Database database) {
      if (database != first) throw new AssertionError("another database");
    }
  }

  static class OneForEach {
    @RegisterExtension final StatorExtension stator = extension();

    @Test
    void one(Database database) {
      check(database);
    }

    @Test
    void another() {
      check(stator.database());
    }
  }

  static class ForClientsThatCodeMakes {
    @RegisterExtension static final StatorExtension stator = extension().everywhere();

    @Test
    void one(Database database) {
      check(database);
      if (System.getProperty("aws.endpointUrlDynamoDb") == null) throw new AssertionError("no address");
    }
  }

  public static void main(String[] arguments) {
    final SummaryGeneratingListener listener = new SummaryGeneratingListener();
    LauncherFactory.create()
        .execute(
            LauncherDiscoveryRequestBuilder.request()
                .selectors(selectClass(OneForTheClass.class), selectClass(OneForEach.class), selectClass(ForClientsThatCodeMakes.class))
                .build(),
            listener);
    listener.getSummary().printFailuresTo(new PrintWriter(System.out));
    if (listener.getSummary().getTestsSucceededCount() != 6 || listener.getSummary().getTotalFailureCount() != 0) throw new AssertionError("the extension");
    if (System.getProperty("aws.endpointUrlDynamoDb") != null) throw new AssertionError("the address is left behind");
    System.out.println("6 tests of the extension passed");
  }
}
