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

/// Finds users by their handles. Implemented on a model's seeds here, and on PostgreSQL in users_postgres.h.
class UserDirectory {
 public:
  virtual ~UserDirectory() = default;
  /// The user of that handle, or nullopt. Throws std::runtime_error with one line where the source cannot be read.
  virtual std::optional<model::User> find_by_handle(std::string_view handle) = 0;
  /// All users, by handle. At most a few thousand are expected.
  virtual std::vector<model::User> list() = 0;
  /// Where the users come from, for messages: "model cruddur-messages", "PostgreSQL cruddur on localhost".
  [[nodiscard]] virtual std::string describe() const = 0;
};

/// The users of models/NAME/seeds/users.json. `model` must outlive the directory.
std::unique_ptr<UserDirectory> users_from_model(const model::Model& model);

/// The user, or one clear line thrown as std::runtime_error: "no user has the handle …".
model::User require_user(UserDirectory& directory, std::string_view handle);

}  // namespace stator::toolkit
