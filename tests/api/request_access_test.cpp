#include "api/request_access.h"

#include <gtest/gtest.h>

#include "api/operations.h"

namespace stator::api {
namespace {

TEST(RequestAccess, ReadsAreNamedSo) {
  for (const auto& operation : kOperations) {
    const std::string_view name = operation.name;
    const bool reads = name.starts_with("Describe") || name.starts_with("List") || name.starts_with("Get") ||
                       name == "BatchGetItem" || name == "TransactGetItems" || name == "Query" || name == "Scan" ||
                       name == "SearchVectors";
    EXPECT_EQ(operation.effect, reads ? Effect::kRead : Effect::kWrite) << name;
  }
}

}  // namespace
}  // namespace stator::api
