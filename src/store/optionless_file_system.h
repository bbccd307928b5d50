#pragma once

#include <rocksdb/file_system.h>

namespace stator::store {

/// A file system on which RocksDB does not write its options down. At each start it would make a file of them, sync it
/// and parse it again to see whether it is right: a quarter of what a start in memory executes, and two waits for a
/// disk. Stator has its options in rocks_options.cpp and reads none; where the file cannot be made RocksDB goes on
/// without it.
class OptionlessFileSystem : public rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;
  const char* Name() const override { return "OptionlessFileSystem"; }
  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
};

}  // namespace stator::store
