package stator;

import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Headers of requests and replies, for every kind of transport. */
final class Wire {
  private static final Pattern SCOPE = Pattern.compile("Credential=[^/]*/\\d{8}/([^/]+)/");
  private static final AtomicLong REQUESTS = new AtomicLong();

  private Wire() {}

  /** The region that a request is signed for; null if it is not signed. */
  static String region(String authorization) {
    final Matcher scope = SCOPE.matcher(authorization == null ? "" : authorization);
    return scope.find() ? scope.group(1) : null;
  }

  /** The headers of each reply, besides its length. */
  static void headers(BiConsumer<String, String> put) {
    put.accept("Content-Type", "application/x-amz-json-1.0");
    put.accept("x-amzn-RequestId", String.format(Locale.ROOT, "STATOR%020d", REQUESTS.incrementAndGet()));
  }
}
