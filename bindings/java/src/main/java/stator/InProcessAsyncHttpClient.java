package stator;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.http.async.AsyncExecuteRequest;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.http.async.SdkAsyncHttpResponseHandler;

/** Answers DynamoDB requests from a database, on its own threads. A reply that is held back occupies no thread. */
final class InProcessAsyncHttpClient implements SdkAsyncHttpClient {
  /** As many as the SDK's own client has connections. Does not use the common pool, as the program's work may occupy all its threads. */
  private static final int MOST_THREADS = 50;

  private static final Executor THREADS = threads();
  private final Database database;

  private InProcessAsyncHttpClient(Database database) {
    this.database = database;
  }

  private static Executor threads() {
    final ThreadPoolExecutor threads =
        new ThreadPoolExecutor(
            MOST_THREADS,
            MOST_THREADS,
            1,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            work -> {
              final Thread thread = new Thread(work, "stator-async");
              thread.setDaemon(true);
              return thread;
            });
    threads.allowCoreThreadTimeOut(true);
    return threads;
  }

  /** See {@link InProcessHttpClient#of}. */
  static SdkAsyncHttpClient of(Database database) {
    return new InProcessAsyncHttpClient(database);
  }

  @Override
  public CompletableFuture<Void> execute(AsyncExecuteRequest request) {
    final CompletableFuture<Void> delivered = new CompletableFuture<>();
    final Collector body = new Collector();
    request.requestContentPublisher().subscribe(body);
    body.whole
        .thenApplyAsync(bytes -> delivered.isDone() ? null : new Answer(database, request.request(), bytes), THREADS)
        .thenCompose(answer -> CompletableFuture.supplyAsync(() -> answer, after(answer == null ? 0 : answer.holdMs())))
        .thenAccept(answer -> deliver(answer, request.responseHandler(), delivered))
        .exceptionally(
            fault -> {
              final Throwable cause = fault instanceof CompletionException ? fault.getCause() : fault;
              request.responseHandler().onError(cause);
              delivered.completeExceptionally(cause);
              return null;
            });
    return delivered;
  }

  private static Executor after(int milliseconds) {
    return milliseconds == 0 ? Runnable::run : CompletableFuture.delayedExecutor(milliseconds, TimeUnit.MILLISECONDS, THREADS);
  }

  private static void deliver(Answer answer, SdkAsyncHttpResponseHandler handler, CompletableFuture<Void> delivered) {
    // The client has given up meanwhile.
    if (answer == null || delivered.isDone()) return;
    final SdkHttpResponse response;
    try {
      response = answer.response();
    } catch (java.io.IOException cut) {
      throw new CompletionException(cut);
    }
    handler.onHeaders(response);
    handler.onStream(new Once(answer.body(), delivered));
  }

  /** Collects the body of a request. */
  private static final class Collector implements Subscriber<ByteBuffer> {
    final CompletableFuture<byte[]> whole = new CompletableFuture<>();
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    @Override
    public void onSubscribe(Subscription subscription) {
      subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(ByteBuffer part) {
      final byte[] copy = new byte[part.remaining()];
      part.get(copy);
      bytes.write(copy, 0, copy.length);
    }

    @Override
    public void onError(Throwable fault) {
      whole.completeExceptionally(fault);
    }

    @Override
    public void onComplete() {
      whole.complete(bytes.toByteArray());
    }
  }

  /** A stream of one part, which is delivered on request. */
  private static final class Once implements Publisher<ByteBuffer> {
    private final byte[] body;
    private final CompletableFuture<Void> delivered;

    Once(byte[] body, CompletableFuture<Void> delivered) {
      this.body = body;
      this.delivered = delivered;
    }

    @Override
    public void subscribe(Subscriber<? super ByteBuffer> subscriber) {
      subscriber.onSubscribe(
          new Subscription() {
            private boolean ended;

            @Override
            public void request(long count) {
              if (!end()) return;
              if (count <= 0) {
                subscriber.onError(new IllegalArgumentException("a subscriber asks for at least one part"));
              } else {
                subscriber.onNext(ByteBuffer.wrap(body));
                subscriber.onComplete();
              }
              delivered.complete(null);
            }

            @Override
            public void cancel() {
              if (end()) delivered.complete(null);
            }

            private synchronized boolean end() {
              final boolean first = !ended;
              ended = true;
              return first;
            }
          });
    }
  }

  @Override
  public String clientName() {
    return "Stator";
  }

  /** Does nothing: the database belongs to its owner. */
  @Override
  public void close() {}
}
