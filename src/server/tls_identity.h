#pragma once

#include <filesystem>
#include <memory>

#include "server/followed.h"
#include "server/tls.h"

namespace stator::server {

/// What a server shows to its clients for as long as it runs, which may be longer than a certificate lasts. A
/// connection keeps the certificate with which it began.
using TlsIdentity = Followed<TlsContext>;

/// Files that others replace when they renew the certificate. Throws as TlsContext does.
std::shared_ptr<TlsIdentity> tls_identity_of_files(const std::filesystem::path& certificate,
                                                   const std::filesystem::path& key);
/// A certificate that the server makes, kept in `directory`, or in memory where that is empty; another one when it
/// ends soon. Throws std::runtime_error.
std::shared_ptr<TlsIdentity> own_tls_identity(const std::filesystem::path& directory);

}  // namespace stator::server
