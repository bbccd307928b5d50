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

/// Data models: folders under models/ with a table, access patterns and seeds. The format: docs/models.md.
namespace stator::model {

/// Messages between two people, and templates for the items made of them.
struct ConversationSeed {
  std::string message_group_uuid;
  std::filesystem::path transcript;
  core::Timestamp start;
  std::int64_t step_microseconds = 60'000'000;
  /// One of the two people: a label such as "Person 1", and the user's handle.
  struct Speaker {
    std::string label;
    std::string handle;
  };
  std::vector<Speaker> speakers;
  /// The item for each message; values in the order of message_values().
  ItemTemplate message;
  /// The item for each person; values in the order of entry_values().
  ItemTemplate entry;
  /// A person has one entry for each value of this attribute: a new one replaces the older one. Empty: all are kept.
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
  /// The time to live attribute (`TimeToLiveSpecification` in table.json, as in CloudFormation's templates); empty if
  /// there is none.
  std::string time_to_live_attribute;
  std::string partition_key;
  /// Empty if the table has none.
  std::string sort_key;
  std::vector<Pattern> patterns;
  std::vector<User> users;
  std::optional<ConversationSeed> conversation;
  /// Other items, each as wire JSON.
  std::vector<std::string> items;

  [[nodiscard]] const User* find_user(std::string_view handle) const;
};

/// Reads one model. Throws a ModelError that names the file, the place and what was expected.
Model load_model(const std::filesystem::path& directory);

/// The names of the models in a directory (its folders with a table.json), sorted.
std::vector<std::string> list_models(const std::filesystem::path& models_directory);
/// The model for commands that do not name one: that of `default.json` in the models directory ({"model": "NAME"}),
/// else the only model; empty otherwise. Throws ModelError.
std::string default_model(const std::filesystem::path& models_directory);
/// The database of a model's relational half: `sql/database.json` ({"database": "NAME"}), else the model's name with
/// underscores for characters other than letters and digits. Throws ModelError.
std::string database_name(const std::filesystem::path& model_directory);
/// Reads all models in a directory. Throws ModelError.
std::vector<Model> load_models(const std::filesystem::path& models_directory);

/// The models directory: `given` (--models), else STATOR_MODELS, else models/ in the working directory, else
/// `program_directory`/../share/stator/models, else models/ in one of the directories above the program's, else the
/// models inside the program.
std::filesystem::path find_models_directory(const std::string& given, const std::filesystem::path& working_directory,
                                            const std::filesystem::path& program_directory);

}  // namespace stator::model
