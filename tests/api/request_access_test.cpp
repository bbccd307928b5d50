#include "api/request_access.h"

#include <gtest/gtest.h>

#include "api/shapes/operations.h"

namespace stator::api {
namespace {

TEST(RequestAccess, KnowsEveryOperationThatHasAShape) {
  for (const auto& operation : shapes::kOperations) {
    EXPECT_NE(find_operation_access(operation.name), nullptr) << operation.name;
  }
  EXPECT_EQ(find_operation_access("GetItems"), nullptr);
  EXPECT_EQ(find_operation_access(""), nullptr);
}

TEST(RequestAccess, ReadsAreNamedSo) {
  for (const auto& operation : shapes::kOperations) {
    const std::string_view name = operation.name;
    const bool reads = name.starts_with("Describe") || name.starts_with("List") || name.starts_with("Get") ||
                       name == "BatchGetItem" || name == "TransactGetItems" || name == "Query" || name == "Scan" ||
                       name == "SearchVectors";
    EXPECT_EQ(find_operation_access(name)->effect, reads ? Effect::kRead : Effect::kWrite) << name;
  }
}

}  // namespace
}  // namespace stator::api
