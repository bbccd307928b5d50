#pragma once

#include <filesystem>
#include <memory>

#include "server/reloadable.h"
#include "server/tls.h"

namespace stator::server {

/// The certificate and key of a server, which may run longer than a certificate is valid. A connection keeps the
/// certificate with which it began.
using TlsIdentity = Reloadable<TlsContext>;

/// From files that others replace when they renew the certificate. Throws as TlsContext does.
std::shared_ptr<TlsIdentity> tls_identity_of_files(const std::filesystem::path& certificate,
                                                   const std::filesystem::path& key);
/// A certificate that the server makes, kept in `directory`, or in memory if that is empty; replaced when it expires
/// soon. Throws std::runtime_error.
std::shared_ptr<TlsIdentity> own_tls_identity(const std::filesystem::path& directory);

}  // namespace stator::server
