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
 * DynamoDB inside the process: a database on a directory or in memory. Safe for several threads at once. Methods throw
 * IllegalStateException with one line where they fail, and after {@link #close}.
 */
public final class Database implements AutoCloseable {
  /** How a database is opened; as it is made: in memory, with the machine's clock. */
  public static final class Options {
    private final List<String> members = new ArrayList<>();
    private Consumer<String> log;

    /** The data directory, created where it is missing. */
    public Options directory(Path directory) {
      return member("directory", quoted(text("directory", directory)));
    }

    /** Acknowledge a write when the disk has it: it then survives power loss. */
    public Options sync(boolean sync) {
      return member("sync", String.valueOf(sync));
    }

    /** Where the database's clock stands until it is moved. */
    public Options clock(Instant now) {
      return member("clock_ms", String.valueOf(now.toEpochMilli()));
    }

    /** How long tables and indexes stay CREATING, UPDATING and DELETING. */
    public Options transitionDelay(Duration delay) {
      return member("transition_delay_ms", String.valueOf(delay.toMillis()));
    }

    /** Into how many shards new streams are split. Without it as on AWS: four for a table on demand, one with few provisioned units. */
    public Options streamShards(int shards) {
      return member("stream_shards", String.valueOf(shards));
    }

    /** How old the state may be that an eventually consistent read sees: docs/simulate.md. */
    public Options readStaleness(Duration age) {
      return member("read_staleness_ms", String.valueOf(age.toMillis()));
    }

    /** How far global indexes may be behind. */
    public Options indexLag(Duration lag) {
      return member("index_lag_ms", String.valueOf(lag.toMillis()));
    }

    /** How late stream records appear. */
    public Options streamLag(Duration lag) {
      return member("stream_lag_ms", String.valueOf(lag.toMillis()));
    }

    /** Decides how old that state is (1). */
    public Options stalenessSeed(long seed) {
      return member("staleness_seed", String.valueOf(seed));
    }

    /** Refuse what is beyond the throughput of tables and indexes, as on AWS. */
    public Options enforceThroughput(boolean enforced) {
      return member("enforce_throughput", String.valueOf(enforced));
    }

    /** Where exports go and imports come from: the bucket NAME is the folder NAME in it. */
    public Options buckets(Path directory) {
      return member("buckets", quoted(text("buckets", directory)));
    }

    /**
     * Called with a line, from any thread, of what no call waits for: faults of the disk and their end, items that an import leaves out. It must not call
     * the database.
     */
    public Options log(Consumer<String> log) {
      this.log = log;
      return this;
    }

    /** Whether {@link #clock} was called: it is one that only calls move. */
    public boolean hasClock() {
      return members.stream().anyMatch(member -> member.startsWith("\"clock_ms\":"));
    }

    /** A path for the library, whose texts are UTF-8 in every locale. */
    private static String text(String name, Path path) {
      if (path.getFileSystem() != FileSystems.getDefault()) {
        throw new IllegalArgumentException(name + " must be a path on a disk, not " + path.toUri());
      }
      final String shown = path.toString();
      if (shown.isEmpty()) return shown;
      // Path decodes what the machine has by the locale, and may have replaced bytes: its URI has them as they are.
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

  /** What a request came to. The status is 0 where a rule of {@link Database#simulate} cuts the connection. */
  public static final class Reply {
    /** 200, or the HTTP status that the service sends with the error. */
    public final int status;
    /** DynamoDB's bare type; empty where the status is 200. */
    public final String errorType;
    public final String errorMessage;
    /** JSON. */
    public final byte[] body;
    /** By a rule of {@link Database#simulate}: for how long to hold it back, in milliseconds. */
    public final int holdMs;

    private Reply(byte[][] parts) {
      status = Integer.parseInt(new String(parts[0], UTF_8));
      errorType = new String(parts[1], UTF_8);
      errorMessage = new String(parts[2], UTF_8);
      body = parts[3];
      holdMs = Integer.parseInt(new String(parts[4], UTF_8));
    }
  }

  /** What DynamoDB answers instead of a result. */
  public static final class OperationException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** DynamoDB's bare type: "ConditionalCheckFailedException". */
    public final String type;
    /** The HTTP status that the service sends with it. */
    public final int status;
    /** JSON: the whole error, with CancellationReasons or Item where the service sends them. */
    public final String body;

    private OperationException(Reply reply) {
      super(reply.errorType + ": " + reply.errorMessage);
      type = reply.errorType;
      status = reply.status;
      body = new String(reply.body, UTF_8);
    }
  }

  /** The open library's database, until it is closed: by hand, or when nothing refers to its Database any more. */
  private static final class Handle implements Runnable {
    private final ReadWriteLock lock = new ReentrantReadWriteLock(); // read by calls, written by close
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
  private final Consumer<String> log; // held here alone

  private Database(long opened, Consumer<String> log) {
    handle = new Handle(opened);
    this.log = log;
    closing = CLEANER.register(this, handle);
  }

  /** The library's: "0.1.0". */
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

  /** Waits for the calls under way and closes the database; a second time does nothing. */
  @Override
  public void close() {
    closing.clean();
  }

  /** For the library, where a zero byte would end a text. */
  private static byte[] bytes(String text) {
    if (text.indexOf('\0') >= 0) throw new IllegalArgumentException("a text must not hold a zero byte");
    return text.getBytes(UTF_8);
  }

  /** The same of a request, which is answered whatever it contains: no operation and no region has a zero byte. */
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
      Reference.reachabilityFence(this); // else it may count as forgotten before the lock is held
    }
  }

  /**
   * One request as an SDK sends it: the target is the operation or X-Amz-Target, the region the one that the client believes to call
   * (null: us-east-1). Never throws for what the request contains.
   */
  public Reply request(String target, byte[] body, String region) {
    return with(
        open ->
            new Reply(Native.call(open, name(target), region == null ? null : name(region), body)));
  }

  /**
   * Calls an operation by its name with request JSON, and returns the reply's. Throws OperationException for what DynamoDB answers instead,
   * UncheckedIOException where a rule of {@link #simulate} cuts the connection.
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

  /** Saves the whole database as it is now, in the place of an earlier snapshot of that name. */
  public void saveSnapshot(String name) {
    with(open -> { Native.saveSnapshot(open, bytes(name)); return null; });
  }

  /** Makes the database what the snapshot holds. */
  public void restoreSnapshot(String name) {
    with(open -> { Native.restoreSnapshot(open, bytes(name)); return null; });
  }

  public void dropSnapshot(String name) {
    with(open -> { Native.dropSnapshot(open, bytes(name)); return null; });
  }

  /** Their names, sorted. */
  public List<String> snapshots() {
    final String json = with(open -> new String(Native.snapshots(open), UTF_8));
    final List<String> names = new ArrayList<>();
    // Names are letters, digits, hyphens, underscores and points.
    for (final String part : json.substring(1, json.length() - 1).split(",")) {
      if (!part.isEmpty()) names.add(part.substring(1, part.length() - 1));
    }
    return names;
  }

  /** Restores the snapshot "start" where there is one; else the database is empty. */
  public void reset() {
    with(open -> { Native.reset(open); return null; });
  }

  /**
   * Lets requests go wrong by rules and a seed, JSON as in docs/simulate.md, in the place of earlier rules; null: nothing goes wrong.
   * Throws with what is wrong with the rules, and the earlier ones stay.
   */
  public void simulate(String rules) {
    with(open -> { Native.simulate(open, bytes(rules == null ? "{}" : rules)); return null; });
  }

  /** The seed, and of each rule how many requests it was for and how many it did something to: JSON. */
  public String simulated() {
    return with(open -> new String(Native.simulated(open), UTF_8));
  }

  /** The database's time. */
  public Instant clock() {
    return Instant.ofEpochMilli(with(Native::clock));
  }

  /** Moves the clock of a database that was opened with one. What has become due is done when it returns. */
  public void setClock(Instant now) {
    with(open -> { Native.setClock(open, now.toEpochMilli()); return null; });
  }

  public void advanceClock(Duration by) {
    with(open -> { Native.advanceClock(open, by.toMillis()); return null; });
  }

  /** What a client of the AWS SDK takes: {@code DynamoDbClient.builder().httpClient(database.httpClient())}. */
  public SdkHttpClient httpClient() {
    return InProcessHttpClient.of(this);
  }

  /** The same for the asynchronous clients. Requests are answered by threads of its own. */
  public SdkAsyncHttpClient asyncHttpClient() {
    return InProcessAsyncHttpClient.of(this);
  }

  /**
   * Answers clients that code makes by itself, in the place of AWS, until what this returns is closed: those of the SDK for Java 2 that are made
   * meanwhile, by a server on this machine. They need a region and credentials as ever, whichever.
   */
  public Everywhere everywhere() {
    return new Everywhere(this);
  }
}
