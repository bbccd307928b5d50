#include "store/restore.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <system_error>
#include <vector>

#include "store/file_check.h"
#include "store/file_list.h"
#include "store/small_file.h"
#include "store/status_text.h"
#include "store/store.h"

namespace stator::store {
namespace {

namespace fs = std::filesystem;

/// The file that notes a restore: the checkpoint's path relative to the directory, and a line feed.
constexpr const char* kNote = "RESTORE";

void check(const rocksdb::Status& status) {
  if (!status.ok()) throw StoreError("the snapshot cannot be restored: " + one_line(status));
}

void write_file(const fs::path& path, std::string_view text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.flush();
  if (!out) throw std::system_error(errno, std::generic_category());
  out.close();
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
}

void sync_file(const fs::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = file >= 0 && ::fsync(file) == 0;
  const int error = errno;
  if (file >= 0) ::close(file);
  if (!synced) throw std::system_error(error, std::generic_category());
}

/// Syncs all files of a store, so that none is incomplete after a power loss.
void sync_store(const fs::path& path) {
  for (const fs::directory_entry& entry : fs::directory_iterator(path)) sync_file(entry.path());
  sync_directory(path);
}

/// The steps of finish_restore.
void replace_store(const DataDirectory& directory, const fs::path& source, bool sync) {
  const fs::path store = directory.store_path();
  const fs::path fresh = directory.path() / "store.new";
  const fs::path old = directory.path() / "store.old";
  const fs::path fresh_list = directory.path() / "FILES.new";
  rocksdb::Env& files = *rocksdb::Env::Default();
  remove_store(files, fresh);
  remove_store(files, old);
  make_private_directory(fresh);
  if (!source.empty()) {
    link_store(files, source / "store", fresh);
    fs::copy_file(source / "FILES", fresh_list, fs::copy_options::overwrite_existing);
  }
  if (sync) {
    sync_store(fresh);
    if (!source.empty()) sync_file(fresh_list);
  }
  if (fs::exists(store)) fs::rename(store, old);
  fs::rename(fresh, store);
  if (source.empty()) {
    fs::remove(directory.list_path());
  } else {
    fs::rename(fresh_list, directory.list_path());
  }
  if (sync) sync_directory(directory.path());
  remove_store(files, old);
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

void begin_restore(const DataDirectory& directory, const fs::path& source, bool sync) {
  try {
    std::string name;
    if (!source.empty()) {
      if (!fs::exists(source / "STATOR") || !fs::exists(source / "FILES")) {
        throw StoreError("there is no snapshot in " + source.string());
      }
      check_files(source / "store", read_small_file(source / "FILES", kMaxListBytes));
      name = fs::relative(source, directory.path()).string();
    }
    const fs::path note = directory.path() / kNote;
    if (sync) {
      replace_durably(note, name + "\n");
      return;
    }
    write_file(note.string() + ".new", name + "\n");
    fs::rename(note.string() + ".new", note);
  } catch (const std::system_error& error) {
    throw StoreError("the snapshot cannot be restored: " + error.code().message());
  } catch (const StoreError&) {
    throw;
  } catch (const std::runtime_error& error) {
    throw StoreError("the snapshot in " + source.string() + " is damaged: " + error.what());
  }
}

bool restore_is_begun(const fs::path& directory) { return fs::exists(directory / kNote); }

void finish_restore(const DataDirectory& directory, bool sync) {
  const fs::path note = directory.path() / kNote;
  const std::optional<std::string> text = read_small_file(note);
  if (!text) return;
  if (text->empty() || text->back() != '\n') throw StoreError(note.string() + " is damaged");
  const std::string name = text->substr(0, text->size() - 1);
  try {
    replace_store(directory, name.empty() ? fs::path() : directory.path() / name, sync);
    fs::remove(note);
    if (sync) sync_directory(directory.path());
  } catch (const std::system_error& error) {
    throw StoreError("the snapshot cannot be restored: " + error.code().message());
  }
}

}  // namespace stator::store
