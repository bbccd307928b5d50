#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/timestamp.h"
#include "model/document.h"
#include "model/pattern.h"
#include "model/template.h"
#include "model/user.h"

/// Data models: one folder each under models/, holding a table, access patterns and seeds. The format: docs/models.md.
namespace stator::model {

/// Messages between two people, and the items they become.
struct ConversationSeed {
  std::string message_group_uuid;
  std::filesystem::path transcript;
  core::Timestamp start;
  std::int64_t step_microseconds = 60'000'000;
  /// "Person 1" -> handle, for the two of them.
  struct Speaker {
    std::string label;
    std::string handle;
  };
  std::vector<Speaker> speakers;
  /// One item a message; values in the order of kMessageValues.
  ItemTemplate message;
  /// One item for each of the two; values in the order of kEntryValues.
  ItemTemplate entry;
  /// A person has one entry for each value of this attribute; an older one gives way. Empty: entries are just put.
  std::string entry_one_per;

  static const std::vector<std::string>& message_values();
  static const std::vector<std::string>& entry_values();
};

struct Model {
  std::string name;
  std::filesystem::path directory;
  std::string table_name;
  /// The CreateTable request.
  std::string create_table_json;
  /// The attribute by which items expire (`TimeToLiveSpecification` in table.json, as CloudFormation has it); empty:
  /// none.
  std::string time_to_live_attribute;
  std::string partition_key;
  /// Empty where the table has none.
  std::string sort_key;
  std::vector<Pattern> patterns;
  std::vector<User> users;
  std::optional<ConversationSeed> conversation;
  /// Further items, each as wire JSON.
  std::vector<std::string> items;

  [[nodiscard]] const User* find_user(std::string_view handle) const;
};

/// Reads one model. Throws ModelError naming file, place and what was expected.
Model load_model(const std::filesystem::path& directory);

/// The names of the models in a directory (its folders with a table.json), sorted.
std::vector<std::string> list_models(const std::filesystem::path& models_directory);
/// The model that commands mean where none is named: the one that `default.json` in the models directory names
/// ({"model": "NAME"}), else the only one there is; empty otherwise. Throws ModelError.
std::string default_model(const std::filesystem::path& models_directory);
/// The database of a model's relational half: `sql/database.json` ({"database": "NAME"}), else the model's name with
/// what is no letter or digit as underscores. Throws ModelError.
std::string database_name(const std::filesystem::path& model_directory);
/// All of them. Throws ModelError.
std::vector<Model> load_models(const std::filesystem::path& models_directory);

/// Where models lie: `given` (--models), else STATOR_MODELS, else models/ in the working directory, else beside the
/// program
/// (`program_directory`/../share/stator/models, or a models/ folder in one of the directories above it). Empty where
/// none is.
std::filesystem::path find_models_directory(const std::string& given, const std::filesystem::path& working_directory,
                                            const std::filesystem::path& program_directory);

}  // namespace stator::model
