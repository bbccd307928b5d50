package stator;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpResponse;

/** Answers DynamoDB's requests from a database, on the thread that makes them. */
final class InProcessHttpClient implements SdkHttpClient {
  private final Database database;

  private InProcessHttpClient(Database database) {
    this.database = database;
  }

  /** So that Database can be loaded where there is no SDK: whoever makes one has to know what it is. */
  static SdkHttpClient of(Database database) {
    return new InProcessHttpClient(database);
  }

  @Override
  public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
    final CountDownLatch aborted = new CountDownLatch(1);
    return new ExecutableHttpRequest() {
      @Override
      public HttpExecuteResponse call() throws IOException {
        waitFor(aborted, 0);
        final Answer answer = new Answer(database, request.httpRequest(), body(request));
        waitFor(aborted, answer.holdMs());
        final SdkHttpResponse response = answer.response();
        return HttpExecuteResponse.builder()
            .response(response)
            .responseBody(AbortableInputStream.create(new ByteArrayInputStream(answer.body())))
            .build();
      }

      @Override
      public void abort() {
        aborted.countDown();
      }
    };
  }

  private static void waitFor(CountDownLatch aborted, int milliseconds) throws IOException {
    try {
      if (milliseconds == 0 ? aborted.getCount() == 0 : aborted.await(milliseconds, TimeUnit.MILLISECONDS)) {
        throw new IOException("the request was aborted");
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("the request was interrupted");
    }
  }

  private static byte[] body(HttpExecuteRequest request) throws IOException {
    if (request.contentStreamProvider().isEmpty()) return new byte[0];
    try (InputStream stream = request.contentStreamProvider().get().newStream()) {
      return stream.readAllBytes();
    }
  }

  @Override
  public String clientName() {
    return "Stator";
  }

  /** The database is its owner's. */
  @Override
  public void close() {}
}
