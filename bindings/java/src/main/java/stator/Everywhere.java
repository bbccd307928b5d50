package stator;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Answers the clients that a program makes by itself while this lasts, by a server of the JDK's on this machine: {@link Database#everywhere}. The SDK for
 * Java 2 finds it by properties of the system; others are given its {@link #url}.
 */
public final class Everywhere implements AutoCloseable {
  /** Where clients of the SDK for Java 2 look for an address, when they are made. */
  private static final String[] PROPERTIES = {"aws.endpointUrlDynamoDb", "aws.endpointUrlDynamoDbStreams"};
  /** The service's limit for a request is 16 MB; what is longer than this is not read. */
  private static final int MOST_REQUEST_BYTES = 17 << 20;
  /** Those that last, the innermost at the end; and what the properties were before the first of them. */
  private static final List<Everywhere> LASTING = new ArrayList<>();
  private static final Map<String, String> BEFORE = new HashMap<>();
  private final Database database;
  private final HttpServer server;
  private final ExecutorService threads;

  Everywhere(Database database) {
    this.database = database;
    // Else each reply waits for the client's acknowledgement of its head. Read once, when the first server is made.
    if (System.getProperty("sun.net.httpserver.nodelay") == null) System.setProperty("sun.net.httpserver.nodelay", "true");
    try {
      // Not getLoopbackAddress(), which is ::1 where the JVM prefers IPv6.
      server = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 0);
    } catch (IOException fault) {
      throw new UncheckedIOException(fault);
    }
    threads =
        Executors.newCachedThreadPool(
            work -> {
              final Thread thread = new Thread(work, "stator-everywhere");
              thread.setDaemon(true);
              return thread;
            });
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
    synchronized (LASTING) {
      if (LASTING.isEmpty()) {
        for (final String property : PROPERTIES) BEFORE.put(property, System.getProperty(property));
      }
      LASTING.add(this);
      nameInnermost();
    }
  }

  private static void nameInnermost() {
    for (final String property : PROPERTIES) {
      final String value = LASTING.isEmpty() ? BEFORE.get(property) : LASTING.get(LASTING.size() - 1).url().toString();
      if (value == null) {
        System.clearProperty(property);
      } else {
        System.setProperty(property, value);
      }
    }
  }

  /** Where it listens. Signatures are not checked. */
  public URI url() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  private void answer(HttpExchange exchange) throws IOException {
    try {
      final byte[] body = exchange.getRequestBody().readNBytes(MOST_REQUEST_BYTES);
      final String target = exchange.getRequestHeaders().getFirst("X-Amz-Target");
      final String region = Wire.region(exchange.getRequestHeaders().getFirst("Authorization"));
      final Database.Reply reply = database.request(target == null ? "" : target, body, region);
      Thread.sleep(reply.holdMs);
      if (reply.status == 0) return; // closing cuts the connection
      Wire.headers(exchange.getResponseHeaders()::set);
      exchange.sendResponseHeaders(reply.status, reply.body.length == 0 ? -1 : reply.body.length);
      if (reply.body.length > 0) exchange.getResponseBody().write(reply.body);
    } catch (InterruptedException stopping) {
      Thread.currentThread().interrupt();
    } finally {
      exchange.close();
    }
  }

  /** Clients that are made from now on are told of those that still last, else of nothing; those of this one find nobody. The database stays open. */
  @Override
  public void close() {
    synchronized (LASTING) {
      if (!LASTING.remove(this)) return;
      nameInnermost();
    }
    server.stop(0);
    threads.shutdownNow();
  }
}
