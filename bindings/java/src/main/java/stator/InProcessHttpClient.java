package stator;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.SdkHttpResponse;

/** Answers DynamoDB's requests, wherever they would go, from a database. */
final class InProcessHttpClient implements SdkHttpClient {
  private static final Pattern SCOPE = Pattern.compile("Credential=[^/]*/\\d{8}/([^/]+)/");
  private static final AtomicLong REQUESTS = new AtomicLong();
  private final Database database;

  InProcessHttpClient(Database database) {
    this.database = database;
  }

  @Override
  public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
    final AtomicBoolean aborted = new AtomicBoolean();
    return new ExecutableHttpRequest() {
      @Override
      public HttpExecuteResponse call() throws IOException {
        if (aborted.get()) throw new IOException("the request was aborted");
        return answer(request);
      }

      @Override
      public void abort() {
        aborted.set(true);
      }
    };
  }

  private HttpExecuteResponse answer(HttpExecuteRequest request) throws IOException {
    byte[] body = {};
    if (request.contentStreamProvider().isPresent()) {
      try (InputStream stream = request.contentStreamProvider().get().newStream()) {
        body = stream.readAllBytes();
      }
    }
    final SdkHttpRequest http = request.httpRequest();
    final Matcher scope = SCOPE.matcher(http.firstMatchingHeader("Authorization").orElse(""));
    final Database.Reply reply =
        database.request(
            http.firstMatchingHeader("X-Amz-Target").orElse(""), body, scope.find() ? scope.group(1) : null);
    final SdkHttpResponse response =
        SdkHttpResponse.builder()
            .statusCode(reply.status)
            .putHeader("Content-Type", "application/x-amz-json-1.0")
            .putHeader("Content-Length", String.valueOf(reply.body.length))
            .putHeader("x-amzn-RequestId", String.format("STATOR%020d", REQUESTS.incrementAndGet()))
            .build();
    return HttpExecuteResponse.builder()
        .response(response)
        .responseBody(AbortableInputStream.create(new ByteArrayInputStream(reply.body)))
        .build();
  }

  @Override
  public String clientName() {
    return "Stator";
  }

  /** The database is its owner's. */
  @Override
  public void close() {}
}
