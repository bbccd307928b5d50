#include "server/tls_identity.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <fstream>

#include "server/running_server.h"
#include "support/temporary_directory.h"

// tests/server/tls_test.py tests TLS with real clients.
namespace stator::server {
namespace {

Options with_tls() {
  Options options;
  options.tls = own_tls_identity("");
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

TEST(Tls, ACertificateOfTheServersOwnIsReplacedAMonthBeforeItEnds) {
  for (const auto& [days, soon] : {std::pair{kMaxValidDays - 1, false}, {31L, false}, {29L, true}, {-1L, true}}) {
    EXPECT_EQ(TlsContext(make_self_signed_certificate(days)).ends_soon(), soon) << days;
  }
  const TemporaryDirectory data;
  const auto kept = own_tls_identity(data.path());
  const auto in_memory = own_tls_identity("");
  EXPECT_FALSE(kept->refresh());
  EXPECT_FALSE(in_memory->refresh());
}

/// The files of a certificate that tests renew.
struct Files {
  void write(const CertificateText& text) const {
    put("cert.pem", text.certificate);
    put("key.pem", text.key);
  }
  void put(const char* name, const std::string& text) const {
    std::ofstream(folder.path() / "draft") << text;
    std::filesystem::rename(folder.path() / "draft", folder.path() / name);
  }

  TemporaryDirectory folder;
};

TEST(Tls, FilesThatAreReplacedAreReadAgain) {
  const CertificateText first = make_self_signed_certificate();
  const CertificateText second = make_self_signed_certificate();
  const Files files;
  files.write(first);
  const auto identity = tls_identity_of_files(files.folder.path() / "cert.pem", files.folder.path() / "key.pem");
  const std::string before = identity->value()->fingerprint();
  EXPECT_FALSE(identity->refresh());
  EXPECT_FALSE(identity->refresh());

  files.write(second);
  EXPECT_FALSE(identity->refresh()) << "it may be in the middle of a change";
  EXPECT_EQ(identity->value()->fingerprint(), before);
  EXPECT_TRUE(identity->refresh());
  EXPECT_EQ(identity->value()->fingerprint(), TlsContext(second).fingerprint());
  EXPECT_FALSE(identity->refresh());
}

TEST(Tls, FilesThatCannotBeUsedAreToldOnceAndTheCertificateStays) {
  const CertificateText first = make_self_signed_certificate();
  const CertificateText second = make_self_signed_certificate();
  struct Fault {
    const char* name;
    const char* file;
    std::string text;
  };
  for (const Fault& fault : {Fault{"of another key", "cert.pem", second.certificate},
                             {"another key", "key.pem", second.key},
                             {"no certificate", "cert.pem", "rubbish"},
                             {"empty", "key.pem", ""}}) {
    SCOPED_TRACE(fault.name);
    const Files files;
    files.write(first);
    const auto identity = tls_identity_of_files(files.folder.path() / "cert.pem", files.folder.path() / "key.pem");
    files.put(fault.file, fault.text);
    EXPECT_FALSE(identity->refresh());
    EXPECT_THROW(identity->refresh(), std::runtime_error);
    EXPECT_FALSE(identity->refresh());
    EXPECT_FALSE(identity->refresh());
    EXPECT_EQ(identity->value()->fingerprint(), TlsContext(first).fingerprint());
    files.write(second);
    EXPECT_FALSE(identity->refresh());
    EXPECT_TRUE(identity->refresh());
    EXPECT_EQ(identity->value()->fingerprint(), TlsContext(second).fingerprint());
  }
}

/// While this object exists, the process cannot open descriptors.
class NoDescriptorsLeft {
 public:
  NoDescriptorsLeft() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit none{0, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptorsLeft() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptorsLeft(const NoDescriptorsLeft&) = delete;
  NoDescriptorsLeft& operator=(const NoDescriptorsLeft&) = delete;

 private:
  rlimit before_{};
};

TEST(Tls, FilesThatCannotBeOpenedForAMomentAreReadLater) {
  const CertificateText second = make_self_signed_certificate();
  const Files files;
  files.write(make_self_signed_certificate());
  const auto identity = tls_identity_of_files(files.folder.path() / "cert.pem", files.folder.path() / "key.pem");
  files.write(second);
  EXPECT_FALSE(identity->refresh());
  {
    const NoDescriptorsLeft shortage;
    EXPECT_THROW(identity->refresh(), std::runtime_error);
    EXPECT_FALSE(identity->refresh()) << "the same fault is told once";
  }
  EXPECT_TRUE(identity->refresh());
  EXPECT_EQ(identity->value()->fingerprint(), TlsContext(second).fingerprint());
}

}  // namespace
}  // namespace stator::server
