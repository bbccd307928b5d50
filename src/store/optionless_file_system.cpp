#include "store/optionless_file_system.h"

#include <filesystem>

namespace stator::store {

rocksdb::IOStatus OptionlessFileSystem::NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                                        std::unique_ptr<rocksdb::FSWritableFile>* file,
                                                        rocksdb::IODebugContext* debug) {
  // RocksDB writes OPTIONS-NUMBER.dbtmp first. Copies of stores that have a file OPTIONS-NUMBER keep it.
  const std::string name = std::filesystem::path(path).filename().string();
  if (name.starts_with("OPTIONS-") && name.ends_with(".dbtmp"))
    return rocksdb::IOStatus::NotSupported(path, "is not kept");
  return FileSystemWrapper::NewWritableFile(path, options, file, debug);
}

}  // namespace stator::store
