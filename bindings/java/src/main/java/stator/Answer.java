package stator;

import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.SdkHttpResponse;

/** What a database answers to a request of the SDK's, wherever it would go. */
final class Answer {
  private static final Pattern SCOPE = Pattern.compile("Credential=[^/]*/\\d{8}/([^/]+)/");
  private static final AtomicLong REQUESTS = new AtomicLong();
  private final Database.Reply reply;

  Answer(Database database, SdkHttpRequest request, byte[] body) {
    final Matcher scope = SCOPE.matcher(request.firstMatchingHeader("Authorization").orElse(""));
    reply = database.request(target(request), body, scope.find() ? scope.group(1) : null);
  }

  private static String target(SdkHttpRequest request) {
    return request
        .firstMatchingHeader("X-Amz-Target")
        .orElseThrow(
            () ->
                new IllegalStateException(
                    "stator: only requests of DynamoDB and DynamoDB Streams are answered in process, not " + request.method() + " " + request.getUri()));
  }

  /** For how long it is to be held back, in milliseconds. */
  int holdMs() {
    return reply.holdMs;
  }

  byte[] body() {
    return reply.body;
  }

  /** Throws where the connection is cut instead. */
  SdkHttpResponse response() throws IOException {
    if (reply.status == 0) throw new IOException("the connection was cut, by a rule of simulate");
    return SdkHttpResponse.builder()
        .statusCode(reply.status)
        .putHeader("Content-Type", "application/x-amz-json-1.0")
        .putHeader("Content-Length", String.valueOf(reply.body.length))
        .putHeader("x-amzn-RequestId", String.format(Locale.ROOT, "STATOR%020d", REQUESTS.incrementAndGet()))
        .build();
  }
}
