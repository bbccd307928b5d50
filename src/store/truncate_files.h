#pragma once

#include <rocksdb/file_system.h>

#include <cstdint>
#include <filesystem>
#include <map>

namespace stator::store {

/// Truncates each file to the given size, durably.
inline rocksdb::IOStatus truncate_files(rocksdb::FileSystem& files,
                                        const std::map<std::filesystem::path, std::uint64_t>& ends) {
  const rocksdb::IOOptions io;
  for (const auto& [path, bytes] : ends) {
    std::unique_ptr<rocksdb::FSWritableFile> file;
    rocksdb::IOStatus status = files.ReopenWritableFile(path.string(), rocksdb::FileOptions(), &file, nullptr);
    if (status.ok()) status = file->Truncate(bytes, io, nullptr);
    if (status.ok()) status = file->Fsync(io, nullptr);
    if (status.ok()) status = file->Close(io, nullptr);
    if (!status.ok()) return rocksdb::IOStatus::IOError("cannot cut " + path.string(), status.ToString());
  }
  return rocksdb::IOStatus::OK();
}

}  // namespace stator::store
