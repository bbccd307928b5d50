#pragma once

#include <string>

namespace stator::model {

/// A sender of messages. The fields are those of the `users` table in the relational half.
struct User {
  std::string uuid;
  std::string handle;
  std::string display_name;
  std::string email;
  bool operator==(const User&) const = default;
};

}  // namespace stator::model
