#pragma once

#include <rocksdb/file_system.h>

namespace stator::store {

/// A file system on which RocksDB does not save its options. It would write them to a file at each start, sync it and
/// parse it again to verify it: a quarter of the instructions of a start in memory, and two waits for a disk. Stator's
/// options are in rocks_options.cpp and are never read from a file; RocksDB continues if the file cannot be made.
class OptionlessFileSystem : public rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;
  const char* Name() const override { return "OptionlessFileSystem"; }
  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
};

}  // namespace stator::store
