package stator;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import java.util.function.Function;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;

/**
 * DynamoDB inside the process: a database in a directory or in memory. Safe to use from several threads at once. Methods throw IllegalStateException
 * with one line if they fail, and after {@link #close}.
 */
public final class Database implements AutoCloseable {
  /** How a database is opened; by default in memory, with the machine's clock. */
  public static final class Options {
    private final List<String> members = new ArrayList<>();
    private Consumer<String> log;

    /** The data directory, created if missing. */
    public Options directory(Path directory) {
      return member("directory", quoted(text("directory", directory)));
    }

    /** Acknowledge a write once the disk has it, so that it survives power loss. */
    public Options sync(boolean sync) {
      return member("sync", String.valueOf(sync));
    }

    /** Start time of a clock that only calls move; without it: the machine's clock. */
    public Options clock(Instant now) {
      return member("clock_ms", String.valueOf(now.toEpochMilli()));
    }

    /** How long tables and indexes stay CREATING, UPDATING and DELETING. */
    public Options transitionDelay(Duration delay) {
      return member("transition_delay_ms", String.valueOf(delay.toMillis()));
    }

    /** Number of shards of a new stream. Without it as on AWS: four for an on-demand table, one with few provisioned units. */
    public Options streamShards(int shards) {
      return member("stream_shards", String.valueOf(shards));
    }

    /** How stale eventually consistent reads may be: docs/simulate.md. */
    public Options readStaleness(Duration age) {
      return member("read_staleness_ms", String.valueOf(age.toMillis()));
    }

    /** How far global indexes may lag behind. */
    public Options indexLag(Duration lag) {
      return member("index_lag_ms", String.valueOf(lag.toMillis()));
    }

    /** How late stream records appear. */
    public Options streamLag(Duration lag) {
      return member("stream_lag_ms", String.valueOf(lag.toMillis()));
    }

    /** Decides how stale each read is (1). */
    public Options stalenessSeed(long seed) {
      return member("staleness_seed", String.valueOf(seed));
    }

    /** Refuse requests beyond the throughput of tables and indexes, as AWS does. */
    public Options enforceThroughput(boolean enforced) {
      return member("enforce_throughput", String.valueOf(enforced));
    }

    /** The directory of the buckets for exports and imports: the bucket NAME is its folder NAME. */
    public Options buckets(Path directory) {
      return member("buckets", quoted(text("buckets", directory)));
    }

    /**
     * Called with a line, from any thread, about events outside of calls: disk faults and their end, items that an import skips. It must not call the
     * database.
     */
    public Options log(Consumer<String> log) {
      this.log = log;
      return this;
    }

    /** Whether {@link #clock} was called, so that only calls move the clock. */
    public boolean hasClock() {
      return members.stream().anyMatch(member -> member.startsWith("\"clock_ms\":"));
    }

    /** A path as text for the library, whose texts are UTF-8 in every locale. */
    private static String text(String name, Path path) {
      if (path.getFileSystem() != FileSystems.getDefault()) {
        throw new IllegalArgumentException(name + " must be a path on a disk, not " + path.toUri());
      }
      final String shown = path.toString();
      if (shown.isEmpty()) return shown;
      // Path decodes the bytes of a name by the locale and may have replaced some; its URI has the original bytes.
      final String escaped = path.toUri().getRawPath().replaceFirst("(.)/$", "$1");
      final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      for (int at = 0; at < escaped.length(); ++at) {
        final boolean isByte = escaped.charAt(at) == '%';
        bytes.write(isByte ? Integer.parseInt(escaped.substring(at + 1, at + 3), 16) : escaped.charAt(at));
        if (isByte) at += 2;
      }
      try {
        return UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes.toByteArray())).toString();
      } catch (CharacterCodingException fault) {
        throw new IllegalArgumentException(name + " must be a path whose name is UTF-8, not " + escaped);
      }
    }

    private Options member(String name, String value) {
      members.add('"' + name + "\":" + value);
      return this;
    }

    private static String quoted(String text) {
      final StringBuilder out = new StringBuilder("\"");
      for (final char c : text.toCharArray()) {
        if (c < ' ') {
          out.append(String.format("\\u%04x", (int) c));
        } else {
          if (c == '"' || c == '\\') out.append('\\');
          out.append(c);
        }
      }
      return out.append('"').toString();
    }
  }

  /** The result of a request. The status is 0 if a rule of {@link Database#simulate} cuts the connection. */
  public static final class Reply {
    /** 200, or the HTTP status that the service sends with the error. */
    public final int status;
    /** DynamoDB's bare type; empty if the status is 200. */
    public final String errorType;
    public final String errorMessage;
    /** JSON. */
    public final byte[] body;
    /** By a rule of {@link Database#simulate}: how long to delay the reply, in milliseconds. */
    public final int holdMs;

    private Reply(byte[][] parts) {
      status = Integer.parseInt(new String(parts[0], UTF_8));
      errorType = new String(parts[1], UTF_8);
      errorMessage = new String(parts[2], UTF_8);
      body = parts[3];
      holdMs = Integer.parseInt(new String(parts[4], UTF_8));
    }
  }

  /** An error that DynamoDB returns. */
  public static final class OperationException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** The bare type of the error: "ConditionalCheckFailedException". */
    public final String type;
    /** The HTTP status that the service sends with it. */
    public final int status;
    /** JSON: the whole error, with CancellationReasons or Item if the service sends them. */
    public final String body;

    private OperationException(Reply reply) {
      super(reply.errorType + ": " + reply.errorMessage);
      type = reply.errorType;
      status = reply.status;
      body = new String(reply.body, UTF_8);
    }
  }

  /** The library's open database. Closed by close(), or when its Database becomes unreachable. */
  private static final class Handle implements Runnable {
    private final ReadWriteLock lock = new ReentrantReadWriteLock(); // held for reading by calls, for writing by close
    private long value;

    Handle(long value) {
      this.value = value;
    }

    @Override
    public void run() {
      lock.writeLock().lock();
      try {
        Native.close(value);
        value = 0;
      } finally {
        lock.writeLock().unlock();
      }
    }
  }

  private static final Cleaner CLEANER = Cleaner.create();
  private final Handle handle;
  private final Cleaner.Cleanable closing;
  private final Consumer<String> log; // keeps the Consumer reachable: nothing else does

  private Database(long opened, Consumer<String> log) {
    handle = new Handle(opened);
    this.log = log;
    closing = CLEANER.register(this, handle);
  }

  /** The version of the library: "0.1.0". */
  public static String version() {
    Native.check();
    return new String(Native.version(), UTF_8);
  }

  public static Database open(Options options) {
    Native.check();
    return new Database(Native.open(('{' + String.join(",", options.members) + '}').getBytes(UTF_8), options.log), options.log);
  }

  public static Database openInMemory() {
    return open(new Options());
  }

  /** Waits for the calls in flight and closes the database; calling it again does nothing. */
  @Override
  public void close() {
    closing.clean();
  }

  /** A text for the library, in which a zero byte would end it. */
  private static byte[] bytes(String text) {
    if (text.indexOf('\0') >= 0) throw new IllegalArgumentException("a text must not hold a zero byte");
    return text.getBytes(UTF_8);
  }

  /** The same for a part of a request, which is answered whatever it contains: empty if it has a zero byte, as no operation or region has one. */
  private static byte[] name(String text) {
    return text.indexOf('\0') >= 0 ? new byte[0] : text.getBytes(UTF_8);
  }

  private <T> T with(Function<Long, T> use) {
    final Handle open = handle;
    open.lock.readLock().lock();
    try {
      if (open.value == 0) throw new IllegalStateException("this Database is closed");
      return use.apply(open.value);
    } finally {
      open.lock.readLock().unlock();
      Reference.reachabilityFence(this); // else this may be considered unreachable before the lock is held
    }
  }

  /**
   * Makes one request as an SDK sends it. The target is the operation or X-Amz-Target, the region the client's region (null: us-east-1). Never throws
   * because of what the request contains.
   */
  public Reply request(String target, byte[] body, String region) {
    return with(
        open ->
            new Reply(Native.call(open, name(target), region == null ? null : name(region), body)));
  }

  /**
   * Calls an operation by its name with request JSON; returns the JSON of the reply. Throws OperationException for an error of DynamoDB, and
   * UncheckedIOException if a rule of {@link #simulate} cuts the connection.
   */
  public String call(String operation, String request) {
    final Reply reply = request(operation, request.getBytes(UTF_8), null);
    try {
      Thread.sleep(reply.holdMs);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new UncheckedIOException(new InterruptedIOException("the call was interrupted"));
    }
    if (reply.status == 0) throw new UncheckedIOException(new IOException("the connection was cut, by a rule of simulate"));
    if (reply.status != 200) throw new OperationException(reply);
    return new String(reply.body, UTF_8);
  }

  /** Saves the whole database as it is now, replacing an earlier snapshot of that name. */
  public void saveSnapshot(String name) {
    with(open -> { Native.saveSnapshot(open, bytes(name)); return null; });
  }

  /** Restores the database from the snapshot. */
  public void restoreSnapshot(String name) {
    with(open -> { Native.restoreSnapshot(open, bytes(name)); return null; });
  }

  public void dropSnapshot(String name) {
    with(open -> { Native.dropSnapshot(open, bytes(name)); return null; });
  }

  /** The names of the snapshots, sorted. */
  public List<String> snapshots() {
    final String json = with(open -> new String(Native.snapshots(open), UTF_8));
    final List<String> names = new ArrayList<>();
    // Names are letters, digits, hyphens, underscores and points.
    for (final String part : json.substring(1, json.length() - 1).split(",")) {
      if (!part.isEmpty()) names.add(part.substring(1, part.length() - 1));
    }
    return names;
  }

  /** Restores the snapshot "start" if it exists; else empties the database. */
  public void reset() {
    with(open -> { Native.reset(open); return null; });
  }

  /**
   * Injects faults into requests by rules and a seed, JSON as in docs/simulate.md. They replace the earlier rules; null: no faults. If the rules are
   * invalid, throws an exception that says why, and the earlier ones stay.
   */
  public void simulate(String rules) {
    with(open -> { Native.simulate(open, bytes(rules == null ? "{}" : rules)); return null; });
  }

  /** The seed, and for each rule how many requests it matched and how many it acted on: JSON. */
  public String simulated() {
    return with(open -> new String(Native.simulated(open), UTF_8));
  }

  /** The database's time. */
  public Instant clock() {
    return Instant.ofEpochMilli(with(Native::clock));
  }

  /** Moves the clock of a database opened with one. Everything that became due is done when it returns. */
  public void setClock(Instant now) {
    with(open -> { Native.setClock(open, now.toEpochMilli()); return null; });
  }

  public void advanceClock(Duration by) {
    with(open -> { Native.advanceClock(open, by.toMillis()); return null; });
  }

  /** An HTTP client for clients of the AWS SDK: {@code DynamoDbClient.builder().httpClient(database.httpClient())}. */
  public SdkHttpClient httpClient() {
    return InProcessHttpClient.of(this);
  }

  /** The same for the asynchronous clients. It answers requests on threads of its own. */
  public SdkAsyncHttpClient asyncHttpClient() {
    return InProcessAsyncHttpClient.of(this);
  }

  /**
   * Until the returned object is closed, this database answers, instead of AWS, the clients of the SDK for Java 2 that code creates meanwhile. They
   * call a server on this machine, and still need a region and credentials, but any will do.
   */
  public Everywhere everywhere() {
    return new Everywhere(this);
  }
}
