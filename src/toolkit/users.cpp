#include "toolkit/users.h"

#include <algorithm>
#include <stdexcept>

#include "model/model.h"

namespace stator::toolkit {
namespace {

class ModelUsers : public UserDirectory {
 public:
  explicit ModelUsers(const model::Model& model) : model_(model) {}
  std::optional<model::User> find_by_handle(std::string_view handle) override {
    const model::User* user = model_.find_user(handle);
    if (user == nullptr) return std::nullopt;
    return *user;
  }
  std::vector<model::User> list() override {
    std::vector<model::User> users = model_.users;
    std::sort(users.begin(), users.end(), [](const auto& a, const auto& b) { return a.handle < b.handle; });
    return users;
  }
  [[nodiscard]] std::string describe() const override { return "model " + model_.name; }

 private:
  const model::Model& model_;
};

}  // namespace

std::unique_ptr<UserDirectory> users_from_model(const model::Model& model) {
  return std::make_unique<ModelUsers>(model);
}

model::User require_user(UserDirectory& directory, std::string_view handle) {
  auto user = directory.find_by_handle(handle);
  if (!user)
    throw std::runtime_error("no user has the handle \"" + std::string(handle) + "\" (" + directory.describe() + ")");
  return *std::move(user);
}

}  // namespace stator::toolkit
