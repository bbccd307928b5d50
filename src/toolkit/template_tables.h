#pragma once

#include <optional>
#include <vector>

#include "json/reader.h"
#include "toolkit/model_init.h"

namespace stator::toolkit {

/// The resources of a CloudFormation template in JSON (as the CDK and the Serverless Framework write it), or of the
/// output of get-template; nullopt if `root` is neither.
std::optional<json::Object> template_resources(const json::Value& root);

/// The tables among the resources: AWS::DynamoDB::Table, AWS::DynamoDB::GlobalTable, AWS::Serverless::SimpleTable. If
/// the template omits or computes a table's name, the resource's name is used. Throws std::runtime_error if there is no
/// table, or if a table's key is not given as plain values.
/// Source: CloudFormation's resource reference.
std::vector<ModelSource> tables_of_template(const json::Object& resources);

}  // namespace stator::toolkit
