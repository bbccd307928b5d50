#include "server/tls.h"

#include <gtest/gtest.h>

#include "server/running_server.h"

// tests/server/tls_test.py has what real clients see.
namespace stator::server {
namespace {

Options with_tls() {
  Options options;
  options.tls = std::make_shared<const TlsContext>(make_self_signed_certificate());
  return options;
}

TEST(Tls, AHandshakeThatNeverComesIsNotWaitedFor) {
  Options options = with_tls();
  options.request_timeout_ms = 100;
  const RunningServer server(options);
  Client silent(server.port());
  EXPECT_TRUE(silent.at_end());
  Client slow(server.port());
  slow.send(std::string_view("\x16\x03\x01", 3));
  EXPECT_TRUE(slow.at_end());
}

TEST(Tls, RubbishEndsTheConnectionAndNothingElse) {
  const RunningServer server(with_tls());
  for (const std::string_view rubbish :
       {std::string_view("\x16\x03\x01\x00\x04rubbish", 12), std::string_view("\x16\xff\xff\xff\xff", 5),
        std::string_view("\x16\x00\x00\x00\x00\x00\x00\x00", 8)}) {
    Client client(server.port());
    client.send(rubbish);
    client.half_close();
    EXPECT_TRUE(client.at_end());
  }
  Client plain(server.port());
  plain.send(request("GetItem"));
  EXPECT_EQ(plain.receive().status, 400);
  EXPECT_EQ(server.endpoint.calls.load(), 0);
}

TEST(Tls, FingerprintsAreThoseOfTheCertificate) {
  const CertificateText made = make_self_signed_certificate();
  const OpenSslPtr<X509> certificate = parse_certificate(made.certificate);
  ASSERT_NE(certificate, nullptr);
  const std::string fingerprint = TlsContext(made).fingerprint();
  EXPECT_EQ(fingerprint, certificate_fingerprint(*certificate));
  EXPECT_EQ(fingerprint.size(), 95U);
  EXPECT_NE(fingerprint, TlsContext(make_self_signed_certificate()).fingerprint());
  EXPECT_EQ(parse_certificate(made.key), nullptr);
  EXPECT_EQ(parse_key(made.certificate), nullptr);
}

}  // namespace
}  // namespace stator::server
