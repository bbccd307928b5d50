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

/** Answers DynamoDB requests from a database, on the calling thread. */
final class InProcessHttpClient implements SdkHttpClient {
  private final Database database;

  private InProcessHttpClient(Database database) {
    this.database = database;
  }

  /** A factory method, so that Database can be loaded without the SDK: to verify a constructor call there, the JVM would load this class. */
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

  /** Does nothing: the database belongs to its owner. */
  @Override
  public void close() {}
}
