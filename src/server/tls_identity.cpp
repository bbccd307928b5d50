#include "server/tls_identity.h"

namespace stator::server {

std::shared_ptr<TlsIdentity> tls_identity_of_files(const std::filesystem::path& certificate,
                                                   const std::filesystem::path& key) {
  return reloadable_from_files<TlsContext>({certificate, key},
                                           [=] { return std::make_shared<const TlsContext>(certificate, key); });
}

std::shared_ptr<TlsIdentity> own_tls_identity(const std::filesystem::path& directory) {
  const auto make = [directory] {
    return std::make_shared<const TlsContext>(directory.empty() ? make_self_signed_certificate()
                                                                : keep_self_signed_certificate(directory));
  };
  return std::make_shared<TlsIdentity>(
      make(), [make](const TlsContext& in_use) { return in_use.ends_soon() ? make() : nullptr; });
}

}  // namespace stator::server
