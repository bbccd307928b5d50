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
 * While open, answers the clients that a program creates, with an HTTP server of the JDK on this machine: {@link Database#everywhere}. The SDK for
 * Java 2 finds the server by system properties; other clients have to be given its {@link #url}.
 */
public final class Everywhere implements AutoCloseable {
  /** The properties in which clients of the SDK for Java 2 look for an endpoint when they are created. */
  private static final String[] PROPERTIES = {"aws.endpointUrlDynamoDb", "aws.endpointUrlDynamoDbStreams"};
  /** The service's limit for a request is 16 MB; bytes beyond this limit are not read. */
  private static final int MOST_REQUEST_BYTES = 17 << 20;
  /** The open ones, the innermost at the end; and the values of the properties before the first of them. */
  private static final List<Everywhere> LASTING = new ArrayList<>();
  private static final Map<String, String> BEFORE = new HashMap<>();
  private final Database database;
  private final HttpServer server;
  private final ExecutorService threads;

  Everywhere(Database database) {
    this.database = database;
    // Otherwise each reply would wait until the client has acknowledged its head. Read once, when the first server is created.
    if (System.getProperty("sun.net.httpserver.nodelay") == null) System.setProperty("sun.net.httpserver.nodelay", "true");
    try {
      // Not getLoopbackAddress(), which is ::1 if the JVM prefers IPv6.
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

  /** The address at which the server listens. Signatures are not checked. */
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

  /**
   * Stops the server, so that clients created for it can no longer connect. Clients created later use the innermost one still open, if any. The
   * database stays open.
   */
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
