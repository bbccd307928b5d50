#pragma once

#include "api/shapes/definition.h"

/// Shapes shared by several operations. Enum values are in the order in which the service lists them.
namespace stator::api::shapes {

// Names.
inline constexpr Shape kItemTableName{.kind = Kind::kString, .pattern = Pattern::kName, .rule = Rule::kItemTable};
/// For writes of single items, which report an empty name in the newer form.
inline constexpr Shape kWrittenTableName{
    .kind = Kind::kString, .pattern = Pattern::kName, .rule = Rule::kItemTable, .newer_form_if_empty = true};
inline constexpr Shape kTableName{.kind = Kind::kString, .pattern = Pattern::kName, .rule = Rule::kTable};
inline constexpr Shape kTargetTableName{.kind = Kind::kString, .pattern = Pattern::kName, .rule = Rule::kTargetTable};
inline constexpr Shape kIndexName = string(3, 255, Pattern::kName);
inline constexpr Shape kStartTableName{
    .kind = Kind::kString, .min_length = 3, .max_length = 255, .pattern = Pattern::kName, .pattern_first = true};
inline constexpr Shape kKeyAttributeName = string(1, 255);
inline constexpr Shape kClientRequestToken = string(1, 36);
inline constexpr Shape kArn = string(37, 1024);

// Enums.
inline constexpr std::string_view kReturnConsumedCapacityValues[] = {"INDEXES", "TOTAL", "NONE"};
inline constexpr Shape kReturnConsumedCapacity = one_of(kReturnConsumedCapacityValues);
inline constexpr std::string_view kReturnItemCollectionMetricsValues[] = {"SIZE", "NONE"};
inline constexpr Shape kReturnItemCollectionMetrics = one_of(kReturnItemCollectionMetricsValues);
inline constexpr std::string_view kReturnValuesValues[] = {"ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW"};
/// The sentence is copied from the service, including the value UPDATE_NEW.
inline constexpr Shape kReturnValues{
    .kind = Kind::kString,
    .values = kReturnValuesValues,
    .sentence =
        "Failed to satisfy constraint: Member must satisfy enum value set: [ALL_OLD, UPDATED_OLD, ALL_NEW, "
        "UPDATE_NEW, NONE]"};
inline constexpr std::string_view kOnCheckFailureValues[] = {"ALL_OLD", "NONE"};
inline constexpr Shape kReturnValuesOnConditionCheckFailure = one_of(kOnCheckFailureValues);
inline constexpr std::string_view kConditionalOperatorValues[] = {"OR", "AND"};
inline constexpr Shape kConditionalOperator = one_of(kConditionalOperatorValues);
inline constexpr Shape kLaterConditionalOperator{
    .kind = Kind::kString, .values = kConditionalOperatorValues, .checked_by_operation = true};
inline constexpr std::string_view kComparisonOperatorValues[] = {
    "IN", "NULL", "BETWEEN", "LT", "NOT_CONTAINS", "EQ", "GT", "NOT_NULL", "NE", "LE", "BEGINS_WITH", "GE", "CONTAINS"};
inline constexpr Shape kComparisonOperator = one_of(kComparisonOperatorValues);
inline constexpr std::string_view kBillingModeValues[] = {"PROVISIONED", "PAY_PER_REQUEST"};
inline constexpr Shape kBillingMode = one_of(kBillingModeValues);
inline constexpr std::string_view kTableClassValues[] = {"STANDARD", "STANDARD_INFREQUENT_ACCESS"};
inline constexpr Shape kTableClass = one_of(kTableClassValues);
inline constexpr std::string_view kScalarTypeValues[] = {"B", "N", "S"};
inline constexpr Shape kScalarAttributeType = one_of(kScalarTypeValues);
inline constexpr std::string_view kKeyTypeValues[] = {"HASH", "RANGE"};
inline constexpr Shape kKeyType = one_of(kKeyTypeValues);
inline constexpr std::string_view kProjectionTypeValues[] = {"ALL", "INCLUDE", "KEYS_ONLY"};
inline constexpr Shape kProjectionType = one_of(kProjectionTypeValues);
inline constexpr std::string_view kStreamViewTypeValues[] = {"OLD_IMAGE", "KEYS_ONLY", "NEW_AND_OLD_IMAGES",
                                                             "NEW_IMAGE"};
inline constexpr Shape kStreamViewType = one_of(kStreamViewTypeValues);
inline constexpr std::string_view kSseTypeValues[] = {"AES256", "KMS"};
inline constexpr Shape kSseType = one_of(kSseTypeValues);
inline constexpr std::string_view kInputFormatValues[] = {"DYNAMODB_JSON", "ION", "CSV"};
inline constexpr Shape kInputFormat = one_of(kInputFormatValues);
inline constexpr std::string_view kInputCompressionValues[] = {"ZSTD", "NONE", "GZIP"};
inline constexpr Shape kInputCompressionType = one_of(kInputCompressionValues);

// Numbers.
inline constexpr Shape kPositiveInteger = integer(1);
inline constexpr Shape kInteger = integer();
inline constexpr Shape kPositiveLong = long_integer(1);
inline constexpr Shape kLong = long_integer();

// Attribute values and names.
inline constexpr Shape kAttributeMap = map_of(kAttributeValue);
inline constexpr Shape kAttributeValueList = list_of(kAttributeValue);
inline constexpr Shape kParameters = list_of(kAttributeValue, 1);
inline constexpr Shape kAttributeNameMap = map_of(kText);
inline constexpr Shape kAttributeNameList = list_of(kText, 1, 255);

// Keys and indexes.
inline constexpr Member kAttributeDefinitionMembers[] = {
    must("AttributeType", kScalarAttributeType),
    must("AttributeName", kKeyAttributeName),
};
inline constexpr Shape kAttributeDefinition = structure<kAttributeDefinitionMembers>("AttributeDefinition");
inline constexpr Shape kAttributeDefinitions = list_of(kAttributeDefinition);

inline constexpr Member kKeySchemaElementMembers[] = {
    must("AttributeName", kKeyAttributeName),
    must("KeyType", kKeyType),
};
inline constexpr Shape kKeySchemaElement = structure<kKeySchemaElementMembers>("KeySchemaElement");
inline constexpr Shape kKeySchema = list_of(kKeySchemaElement, 1, 2);
/// A global secondary index may have up to four attributes of each kind.
inline constexpr Shape kGlobalKeySchema = list_of(kKeySchemaElement, 1, 8);

inline constexpr Shape kNonKeyAttributeName = string(1, 255);
inline constexpr Shape kNonKeyAttributes = list_of(kNonKeyAttributeName, 1, 20);
inline constexpr Member kProjectionMembers[] = {
    may("ProjectionType", kProjectionType),
    may("NonKeyAttributes", kNonKeyAttributes),
};
inline constexpr Shape kProjection = structure<kProjectionMembers>("Projection");

// Throughput.
inline constexpr Member kProvisionedThroughputMembers[] = {
    must("WriteCapacityUnits", kPositiveLong),
    must("ReadCapacityUnits", kPositiveLong),
};
inline constexpr Shape kProvisionedThroughput = structure<kProvisionedThroughputMembers>("ProvisionedThroughput");
inline constexpr Member kOnDemandThroughputMembers[] = {
    may("MaxReadRequestUnits", kLong),
    may("MaxWriteRequestUnits", kLong),
};
inline constexpr Shape kOnDemandThroughput = structure<kOnDemandThroughputMembers>("OnDemandThroughput");
inline constexpr Member kWarmThroughputMembers[] = {
    may("ReadUnitsPerSecond", kLong),
    may("WriteUnitsPerSecond", kLong),
};
inline constexpr Shape kWarmThroughput = structure<kWarmThroughputMembers>("WarmThroughput");

inline constexpr Member kLocalIndexMembers[] = {
    must("IndexName", kIndexName),
    must("KeySchema", kKeySchema),
    must("Projection", kProjection),
};
inline constexpr Shape kLocalIndex = structure<kLocalIndexMembers>("LocalSecondaryIndex");
inline constexpr Shape kLocalIndexes = list_of(kLocalIndex);

inline constexpr Member kGlobalIndexMembers[] = {
    must("IndexName", kIndexName),
    must("KeySchema", kGlobalKeySchema),
    must("Projection", kProjection),
    may("ProvisionedThroughput", kProvisionedThroughput),
    may("OnDemandThroughput", kOnDemandThroughput),
    may("WarmThroughput", kWarmThroughput),
};
inline constexpr Shape kGlobalIndex = structure<kGlobalIndexMembers>("GlobalSecondaryIndex");
inline constexpr Shape kGlobalIndexes = list_of(kGlobalIndex);

// Vector indexes.
inline constexpr std::string_view kDistanceFunctionValues[] = {"COSINE", "DOT_PRODUCT", "EUCLIDEAN"};
inline constexpr Shape kDistanceFunction = one_of(kDistanceFunctionValues);
inline constexpr std::string_view kSearchSchemaElementTypeValues[] = {"HASH", "INLINE_FILTER"};
inline constexpr Shape kSearchSchemaElementType = one_of(kSearchSchemaElementTypeValues);
inline constexpr Member kVectorAttributeMembers[] = {must("AttributeName", kKeyAttributeName)};
inline constexpr Shape kVectorAttribute = structure<kVectorAttributeMembers>("VectorAttributeDefinition");
inline constexpr Shape kSearchAttributeName = string(0, 65535);
inline constexpr Member kSearchSchemaElementMembers[] = {
    must("AttributeName", kSearchAttributeName),
    must("SearchSchemaElementType", kSearchSchemaElementType),
};
inline constexpr Shape kSearchSchemaElement = structure<kSearchSchemaElementMembers>("SearchSchemaElement");
inline constexpr Shape kSearchSchema = list_of(kSearchSchemaElement, 1);
inline constexpr Member kVectorIndexMembers[] = {
    must("IndexName", kIndexName),     must("VectorAttribute", kVectorAttribute),   must("Projection", kProjection),
    must("Dimensions", kPositiveLong), must("DistanceFunction", kDistanceFunction), may("SearchSchema", kSearchSchema),
};
inline constexpr Shape kVectorIndex = structure<kVectorIndexMembers>("VectorIndex");
inline constexpr Shape kVectorIndexes = list_of(kVectorIndex);

// Table settings.
inline constexpr Member kStreamSpecificationMembers[] = {
    must("StreamEnabled", kBoolean),
    may("StreamViewType", kStreamViewType),
};
inline constexpr Shape kStreamSpecification = structure<kStreamSpecificationMembers>("StreamSpecification");
inline constexpr Shape kKmsMasterKeyId = string(1);
inline constexpr Member kSseSpecificationMembers[] = {
    may("Enabled", kBoolean),
    may("SSEType", kSseType),
    may("KMSMasterKeyId", kKmsMasterKeyId),
};
inline constexpr Shape kSseSpecification = structure<kSseSpecificationMembers>("SSESpecification");
/// Tags are checked by the operations, with different messages (api/tags.h).
inline constexpr Member kTagMembers[] = {
    may("Key", kText),
    may("Value", kText),
};
inline constexpr Shape kTag = structure<kTagMembers>("Tag");
inline constexpr Shape kTags = list_of(kTag);

}  // namespace stator::api::shapes
