#include <memory>
#include <string>

#include "core/api_error.h"
#include "fuzz/budget.h"
#include "fuzz/check.h"
#include "server/authentication.h"
#include "server/signature_verifier.h"

/// A head with its Authorization header or presigned query, and its body: checked as by a server without keys and as by
/// one with keys, at the time at which the seeds were signed.
namespace {

using stator::server::AccessKey;
using stator::server::AccessKeys;

constexpr stator::fuzz::Bound kBound{.base_us = 10'000, .ns_per_byte = 20'000};

class SignedThen final : public stator::core::Clock {
 public:
  [[nodiscard]] std::int64_t now_ms() const override { return 1'795'608'000'000; }  // 2026-11-25T12:00:00Z
};

/// Returns whether the request is accepted. Every refusal must be a client error.
bool lets_through(const stator::server::Authenticator& authenticator, const stator::server::RequestHead& head,
                  std::string_view body) {
  try {
    const std::shared_ptr<const AccessKey> caller = authenticator.check(head, body);
    stator::fuzz::require(caller == nullptr || caller->id == stator::server::credential_scope(head).access_key_id,
                          "the key is the one that the request names");
    return true;
  } catch (const stator::core::ApiError& error) {
    stator::fuzz::require(stator::core::http_status(error) < 500, "a signature is the client's fault");
    return false;
  }
}

void check(std::string_view bytes) {
  static const SignedThen kClock;
  static const stator::server::AnyCredentials kAny;
  static const stator::server::SignatureVerifier kVerifier(
      stator::server::fixed_keys(AccessKeys(std::vector<AccessKey>{
          {.name = "seed", .id = "AKIDEXAMPLE", .secret = "secret", .session_token = "", .rules = {}},
          {.name = "token", .id = "ASIAEXAMPLE", .secret = "other", .session_token = "token", .rules = {}}})),
      kClock);
  stator::server::RequestHead head;
  if (parse_head(bytes, 16 * 1024, head) != stator::server::HeadStatus::kComplete) return;
  const std::string_view body = bytes.substr(head.size_bytes);
  const bool in_form = lets_through(kAny, head, body);
  const bool verified = lets_through(kVerifier, head, body);
  stator::fuzz::require(in_form || !verified, "what has no signature cannot have a right one");
  if (!verified) return;
  // With one byte more the body is another one, which nobody signed.
  stator::fuzz::require(!lets_through(kVerifier, head, std::string(body) + "x"), "the signature covers the body");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  stator::fuzz::within(kBound, size, [&] { check(bytes); });
  return 0;
}
