#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/user.h"

namespace stator::model {
struct Model;
}

namespace stator::toolkit {

/// Finds users by their handles: in a model's seeds (below), or in PostgreSQL (users_postgres.h).
class UserDirectory {
 public:
  virtual ~UserDirectory() = default;
  /// The user with that handle, or nullopt. Throws std::runtime_error with one line if the source cannot be read.
  virtual std::optional<model::User> find_by_handle(std::string_view handle) = 0;
  /// All users, sorted by handle. A few thousand are expected at most.
  virtual std::vector<model::User> list() = 0;
  /// Where the users come from, for messages: "model cruddur-messages", "PostgreSQL cruddur on localhost".
  [[nodiscard]] virtual std::string describe() const = 0;
};

/// The users of models/NAME/seeds/users.json. `model` must outlive the directory.
std::unique_ptr<UserDirectory> users_from_model(const model::Model& model);

/// Returns the user, or throws std::runtime_error with one line: "no user has the handle …".
model::User require_user(UserDirectory& directory, std::string_view handle);

}  // namespace stator::toolkit
