#pragma once

#include <optional>
#include <vector>

#include "json/reader.h"
#include "toolkit/model_init.h"

namespace stator::toolkit {

/// The resources of a CloudFormation template in JSON (what the CDK and the Serverless Framework make), or of what
/// get-template prints; nullopt where it is neither.
std::optional<json::Object> template_resources(const json::Value& root);

/// The tables among them: AWS::DynamoDB::Table, AWS::DynamoDB::GlobalTable, AWS::Serverless::SimpleTable. A table whose
/// name the template leaves to CloudFormation, or computes, has that of its resource. Throws std::runtime_error where
/// there is none, or one's key is no plain value.
/// Source: CloudFormation's resource reference.
std::vector<ModelSource> tables_of_template(const json::Object& resources);

}  // namespace stator::toolkit
