#include "store/store_links.h"

#include <string>
#include <vector>

#include "store/file_list.h"
#include "store/status_text.h"
#include "store/store.h"

namespace stator::store {
namespace {

namespace fs = std::filesystem;

void check(const rocksdb::Status& status) {
  if (!status.ok()) throw StoreError("the snapshot cannot be restored: " + one_line(status));
}

}  // namespace

void link_store(rocksdb::Env& files, const fs::path& source, const fs::path& target) {
  check(files.CreateDirIfMissing(target.string()));
  std::vector<std::string> names;
  check(files.GetChildren(source.string(), &names));
  for (const std::string& name : names) {
    if (!is_store_file(name)) continue;
    const std::string from = (source / name).string();
    const std::string to = (target / name).string();
    if (fs::path(name).extension() == ".sst") {
      const rocksdb::Status status = files.LinkFile(from, to);
      if (status.ok()) continue;
      if (!status.IsNotSupported()) check(status);
    }
    std::string content;
    check(rocksdb::ReadFileToString(&files, from, &content));
    check(rocksdb::WriteStringToFile(&files, content, to, false));
  }
}

void remove_store(rocksdb::Env& files, const fs::path& path) {
  std::vector<std::string> names;
  if (!files.GetChildren(path.string(), &names).ok()) return;
  for (const std::string& name : names) {
    if (name != "." && name != "..") files.DeleteFile((path / name).string()).PermitUncheckedError();
  }
  files.DeleteDir(path.string()).PermitUncheckedError();
}

}  // namespace stator::store
