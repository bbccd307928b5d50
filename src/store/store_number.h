#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

/// Which store in a data directory is the current one: a restore replaces it (docs/format.md, "Snapshots").
namespace stator::store {

/// Where a store's files are: `store` for number 0, else `store.N`.
std::filesystem::path store_folder(const std::filesystem::path& directory, std::uint64_t number);
/// Where the store's list of files is (file_list.h): `FILES` for number 0, else `FILES.N`.
std::filesystem::path store_list(const std::filesystem::path& directory, std::uint64_t number);
/// Whether a file of that name belongs to the stores of a data directory.
bool is_name_of_store(std::string_view name);

/// The number in the file STORE; nullopt if there is no such file. Throws std::runtime_error with one line that says
/// what is wrong with it.
std::optional<std::uint64_t> read_store_number(const std::filesystem::path& directory);
/// Writes, durably, a draft of the file STORE that names this store.
rocksdb::IOStatus draft_store_number(rocksdb::FileSystem& files, const std::filesystem::path& directory,
                                     std::uint64_t number);
/// Removes the draft, if there is one.
void remove_draft(rocksdb::FileSystem& files, const std::filesystem::path& directory, std::uint64_t number);
/// Replaces the file STORE with the draft, durably. `replaced`: set when it has been replaced, though perhaps not
/// durably.
rocksdb::IOStatus write_store_number(rocksdb::FileSystem& files, const std::filesystem::path& directory,
                                     std::uint64_t number, bool& replaced);

/// The numbers of all existing stores, in ascending order.
std::vector<std::uint64_t> stores_in(const std::filesystem::path& directory);
/// Removes all other stores (replaced or never used) and all drafts.
void remove_other_stores(rocksdb::Env& files, const std::filesystem::path& directory, std::uint64_t number);

}  // namespace stator::store
