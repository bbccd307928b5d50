package stator;

import java.io.IOException;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.SdkHttpResponse;

/** A database's reply to a request of the SDK, whatever its address is. */
final class Answer {
  private final Database.Reply reply;

  Answer(Database database, SdkHttpRequest request, byte[] body) {
    reply = database.request(target(request), body, Wire.region(request.firstMatchingHeader("Authorization").orElse(null)));
  }

  private static String target(SdkHttpRequest request) {
    return request
        .firstMatchingHeader("X-Amz-Target")
        .orElseThrow(
            () ->
                new IllegalStateException(
                    "stator: only requests of DynamoDB and DynamoDB Streams are answered in process, not " + request.method() + " " + request.getUri()));
  }

  /** How long to hold the reply back, in milliseconds. */
  int holdMs() {
    return reply.holdMs;
  }

  byte[] body() {
    return reply.body;
  }

  /** Throws if the connection is cut instead. */
  SdkHttpResponse response() throws IOException {
    if (reply.status == 0) throw new IOException("the connection was cut, by a rule of simulate");
    final SdkHttpResponse.Builder response =
        SdkHttpResponse.builder().statusCode(reply.status).putHeader("Content-Length", String.valueOf(reply.body.length));
    Wire.headers(response::putHeader);
    return response.build();
  }
}
