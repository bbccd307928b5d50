#pragma once

#include <string>

namespace stator::model {

/// Somebody who sends messages. The fields are those of the relational half's `users` table.
struct User {
  std::string uuid;
  std::string handle;
  std::string display_name;
  std::string email;
  bool operator==(const User&) const = default;
};

}  // namespace stator::model
