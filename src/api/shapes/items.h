#pragma once

#include "api/shapes/common.h"

/// Inputs of the operations on items: single items, batches, transactions, queries, PartiQL.
namespace stator::api::shapes {

inline constexpr Member kExpectedAttributeMembers[] = {
    may("AttributeValueList", kAttributeValueList),
    may("ComparisonOperator", kComparisonOperator),
    may("Exists", kBoolean),
    may("Value", kAttributeValue),
};
inline constexpr Shape kExpectedAttribute = structure<kExpectedAttributeMembers>("ExpectedAttributeValue");
inline constexpr Shape kExpected = map_of(kExpectedAttribute);

inline constexpr Member kConditionMembers[] = {
    may("AttributeValueList", kAttributeValueList),
    must("ComparisonOperator", kComparisonOperator),
};
inline constexpr Shape kCondition = structure<kConditionMembers>("Condition");
inline constexpr Shape kConditions = map_of(kCondition);

inline constexpr std::string_view kAttributeActionValues[] = {"ADD", "PUT", "DELETE"};
inline constexpr Shape kAttributeAction = one_of(kAttributeActionValues);
inline constexpr Member kAttributeUpdateMembers[] = {
    may("Action", kAttributeAction),
    may("Value", kAttributeValue),
};
inline constexpr Shape kAttributeUpdate = structure<kAttributeUpdateMembers>("AttributeValueUpdate");
inline constexpr Shape kAttributeUpdates = map_of(kAttributeUpdate);

inline constexpr Member kGetItemMembers[] = {
    may("ReturnConsumedCapacity", kReturnConsumedCapacity),
    may("AttributesToGet", kAttributeNameList),
    must("TableName", kItemTableName),
    must("Key", kAttributeMap),
    may("ConsistentRead", kBoolean),
    may("ProjectionExpression", kText),
    may("ExpressionAttributeNames", kAttributeNameMap),
};
inline constexpr Shape kGetItem = structure<kGetItemMembers>("GetItemInput");

inline constexpr Member kPutItemMembers[] = {
    may("ReturnConsumedCapacity", kReturnConsumedCapacity),
    may("ConditionalOperator", kLaterConditionalOperator),
    may("Expected", kExpected),
    may("ReturnValues", kReturnValues),
    must("TableName", kWrittenTableName),
    must("Item", kAttributeMap),
    may("ReturnItemCollectionMetrics", kReturnItemCollectionMetrics),
    may("ConditionExpression", kText),
    may("ExpressionAttributeValues", kAttributeMap),
    may("ExpressionAttributeNames", kAttributeNameMap),
    may("ReturnValuesOnConditionCheckFailure", kReturnValuesOnConditionCheckFailure),
};
inline constexpr Shape kPutItem = structure<kPutItemMembers>("PutItemInput");

inline constexpr Member kDeleteItemMembers[] = {
    may("ReturnConsumedCapacity", kReturnConsumedCapacity),
    must("TableName", kWrittenTableName),
    may("ReturnValues", kReturnValues),
    may("ReturnItemCollectionMetrics", kReturnItemCollectionMetrics),
    may("ConditionalOperator", kLaterConditionalOperator),
    must("Key", kAttributeMap),
    may("Expected", kExpected),
    may("ConditionExpression", kText),
    may("ExpressionAttributeValues", kAttributeMap),
    may("ExpressionAttributeNames", kAttributeNameMap),
    may("ReturnValuesOnConditionCheckFailure", kReturnValuesOnConditionCheckFailure),
};
inline constexpr Shape kDeleteItem = structure<kDeleteItemMembers>("DeleteItemInput");

inline constexpr Member kUpdateItemMembers[] = {
    may("ReturnConsumedCapacity", kReturnConsumedCapacity),
    must("TableName", kWrittenTableName),
    may("ReturnItemCollectionMetrics", kReturnItemCollectionMetrics),
    may("ReturnValues", kReturnValues),
    may("ConditionalOperator", kLaterConditionalOperator),
    must("Key", kAttributeMap),
    may("Expected", kExpected),
    may("AttributeUpdates", kAttributeUpdates),
    may("ConditionExpression", kText),
    may("UpdateExpression", kText),
    may("ExpressionAttributeValues", kAttributeMap),
    may("ExpressionAttributeNames", kAttributeNameMap),
    may("ReturnValuesOnConditionCheckFailure", kReturnValuesOnConditionCheckFailure),
};
inline constexpr Shape kUpdateItem = structure<kUpdateItemMembers>("UpdateItemInput");

inline constexpr std::string_view kSelectValues[] = {"SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES",
                                                     "ALL_PROJECTED_ATTRIBUTES"};
inline constexpr Shape kSelect = one_of(kSelectValues);
inline constexpr Shape kQueryLimit{.kind = Kind::kInteger, .min_value = 1, .newer_form = true};

inline constexpr Member kQueryMembers[] = {
    may("Select", kSelect),
    may("IndexName", kIndexName),
    may("ReturnConsumedCapacity", kReturnConsumedCapacity),
    may("QueryFilter", kConditions),
    must("TableName", kItemTableName),
    may("ConditionalOperator", kLaterConditionalOperator),
    may("AttributesToGet", kAttributeNameList),
    may("Limit", kQueryLimit),
    may("KeyConditions", kConditions),
    may("ExclusiveStartKey", kAttributeMap),
    may("ConsistentRead", kBoolean),
    may("ScanIndexForward", kBoolean),
    may("KeyConditionExpression", kText),
    may("FilterExpression", kText),
    may("ProjectionExpression", kText),
    may("ExpressionAttributeValues", kAttributeMap),
    may("ExpressionAttributeNames", kAttributeNameMap),
};
inline constexpr Shape kQuery = structure<kQueryMembers>("QueryInput");

inline constexpr Shape kTotalSegments = integer(1, 1'000'000);
inline constexpr Shape kSegment{
    .kind = Kind::kInteger, .min_value = 0, .max_value = 999'999, .newer_form_where_deviating = true};
inline constexpr Shape kScanLimit{.kind = Kind::kInteger, .min_value = 1, .newer_form_where_deviating = true};
inline constexpr Member kScanMembers[] = {
    may("Select", kSelect),
    may("IndexName", kIndexName),
    may("TotalSegments", kTotalSegments),
    may("ReturnConsumedCapacity", kReturnConsumedCapacity),
    must("TableName", kItemTableName),
    may("ConditionalOperator", kConditionalOperator),
    may("ScanFilter", kConditions),
    may("Segment", kSegment),
    may("Limit", kScanLimit),
    may("AttributesToGet", kAttributeNameList),
    may("ExclusiveStartKey", kAttributeMap),
    may("ConsistentRead", kBoolean),
    may("FilterExpression", kText),
    may("ProjectionExpression", kText),
    may("ExpressionAttributeValues", kAttributeMap),
    may("ExpressionAttributeNames", kAttributeNameMap),
};
inline constexpr Shape kScan = structure<kScanMembers>("ScanInput");

// Batches.
inline constexpr Shape kBatchKeys{
    .kind = Kind::kList, .element = &kAttributeMap, .min_length = 1, .max_length = 100, .newer_form = true};
inline constexpr Member kKeysAndAttributesMembers[] = {
    must("Keys", kBatchKeys),
    may("AttributesToGet", kAttributeNameList),
    may("ConsistentRead", kBoolean),
    may("ProjectionExpression", kText),
    may("ExpressionAttributeNames", kAttributeNameMap),
};
inline constexpr Shape kKeysAndAttributes = structure<kKeysAndAttributesMembers>("KeysAndAttributes");
inline constexpr Shape kGetRequestItems{
    .kind = Kind::kMap,
    .element = &kKeysAndAttributes,
    .key = &kTableName,
    .min_length = 1,
    .lone_too_short =
        "1 validation error detected: Value at 'RequestItems' failed to satisfy "
        "constraint: Member must have length greater than or equal to 1",
    .lone_too_short_where_deviating = "The requestItems parameter is required for BatchGetItem",
    .shown_as_json = true};
inline constexpr Member kBatchGetItemMembers[] = {
    must("RequestItems", kGetRequestItems),
    may("ReturnConsumedCapacity", kReturnConsumedCapacity),
};
inline constexpr Shape kBatchGetItem = structure<kBatchGetItemMembers>("BatchGetItemInput");

inline constexpr Member kDeleteRequestMembers[] = {must("Key", kAttributeMap)};
inline constexpr Shape kDeleteRequest = structure<kDeleteRequestMembers>("DeleteRequest");
inline constexpr Member kPutRequestMembers[] = {must("Item", kAttributeMap)};
inline constexpr Shape kPutRequest = structure<kPutRequestMembers>("PutRequest");
inline constexpr Member kWriteRequestMembers[] = {
    may("PutRequest", kPutRequest),
    may("DeleteRequest", kDeleteRequest),
};
inline constexpr Shape kWriteRequest = structure<kWriteRequestMembers>("WriteRequest");
inline constexpr Shape kWriteRequests = list_of(kWriteRequest, 1, 25);
inline constexpr Shape kWriteRequestItems{.kind = Kind::kMap,
                                          .element = &kWriteRequests,
                                          .key = &kTableName,
                                          .min_length = 1,
                                          .lone_too_short = "The requestItems parameter is required for BatchWriteItem",
                                          .lone_too_short_where_deviating =
                                              "1 validation error detected: Value at 'RequestItems' failed to satisfy "
                                              "constraint: Member must have length greater than or equal to 1",
                                          .keys_give_way = true};
inline constexpr Member kBatchWriteItemMembers[] = {
    may("ReturnConsumedCapacity", kReturnConsumedCapacity),
    may("ReturnItemCollectionMetrics", kReturnItemCollectionMetrics),
    must("RequestItems", kWriteRequestItems),
};
inline constexpr Shape kBatchWriteItem = structure<kBatchWriteItemMembers>("BatchWriteItemInput");

// Transactions.
inline constexpr Member kTransactGetMembers[] = {
    must("Key", kAttributeMap),
    must("TableName", kItemTableName),
    may("ProjectionExpression", kText),
    may("ExpressionAttributeNames", kAttributeNameMap),
};
inline constexpr Shape kTransactGet = structure<kTransactGetMembers>("Get");
inline constexpr Member kTransactGetItemMembers[] = {must("Get", kTransactGet)};
inline constexpr Shape kTransactGetItem = structure<kTransactGetItemMembers>("TransactGetItem");
inline constexpr Shape kTransactGetList{.kind = Kind::kList,
                                        .element = &kTransactGetItem,
                                        .min_length = 1,
                                        .max_length = 100,
                                        .newer_form_where_deviating = true};
inline constexpr Member kTransactGetItemsMembers[] = {
    may("ReturnConsumedCapacity", kReturnConsumedCapacity),
    must("TransactItems", kTransactGetList),
};
inline constexpr Shape kTransactGetItems = structure<kTransactGetItemsMembers>("TransactGetItemsInput");

inline constexpr Member kConditionCheckMembers[] = {
    must("Key", kAttributeMap),
    must("TableName", kItemTableName),
    must("ConditionExpression", kText),
    may("ExpressionAttributeNames", kAttributeNameMap),
    may("ExpressionAttributeValues", kAttributeMap),
    may("ReturnValuesOnConditionCheckFailure", kReturnValuesOnConditionCheckFailure),
};
inline constexpr Shape kConditionCheck = structure<kConditionCheckMembers>("ConditionCheck");
inline constexpr Member kTransactPutMembers[] = {
    must("Item", kAttributeMap),
    must("TableName", kItemTableName),
    may("ConditionExpression", kText),
    may("ExpressionAttributeNames", kAttributeNameMap),
    may("ExpressionAttributeValues", kAttributeMap),
    may("ReturnValuesOnConditionCheckFailure", kReturnValuesOnConditionCheckFailure),
};
inline constexpr Shape kTransactPut = structure<kTransactPutMembers>("Put");
inline constexpr Member kTransactDeleteMembers[] = {
    must("Key", kAttributeMap),
    must("TableName", kItemTableName),
    may("ConditionExpression", kText),
    may("ExpressionAttributeNames", kAttributeNameMap),
    may("ExpressionAttributeValues", kAttributeMap),
    may("ReturnValuesOnConditionCheckFailure", kReturnValuesOnConditionCheckFailure),
};
inline constexpr Shape kTransactDelete = structure<kTransactDeleteMembers>("Delete");
inline constexpr Member kTransactUpdateMembers[] = {
    must("Key", kAttributeMap),
    must("UpdateExpression", kText),
    must("TableName", kItemTableName),
    may("ConditionExpression", kText),
    may("ExpressionAttributeNames", kAttributeNameMap),
    may("ExpressionAttributeValues", kAttributeMap),
    may("ReturnValuesOnConditionCheckFailure", kReturnValuesOnConditionCheckFailure),
};
inline constexpr Shape kTransactUpdate = structure<kTransactUpdateMembers>("Update");
inline constexpr Member kTransactWriteItemMembers[] = {
    may("ConditionCheck", kConditionCheck),
    may("Put", kTransactPut),
    may("Delete", kTransactDelete),
    may("Update", kTransactUpdate),
};
inline constexpr Shape kTransactWriteItem = structure<kTransactWriteItemMembers>("TransactWriteItem");
inline constexpr Shape kTransactWriteList{.kind = Kind::kList,
                                          .element = &kTransactWriteItem,
                                          .min_length = 1,
                                          .max_length = 100,
                                          .newer_form_where_deviating = true};
inline constexpr Member kTransactWriteItemsMembers[] = {
    may("ClientRequestToken", kClientRequestToken),
    may("ReturnConsumedCapacity", kReturnConsumedCapacity),
    may("ReturnItemCollectionMetrics", kReturnItemCollectionMetrics),
    must("TransactItems", kTransactWriteList),
};
inline constexpr Shape kTransactWriteItems = structure<kTransactWriteItemsMembers>("TransactWriteItemsInput");

// PartiQL.
inline constexpr Shape kStatement = string(1, 8192);
inline constexpr Shape kStatementToken = string(1, 32768);
inline constexpr Member kExecuteStatementMembers[] = {
    may("ReturnConsumedCapacity", kReturnConsumedCapacity),
    must("Statement", kStatement),
    may("Parameters", kParameters),
    may("ConsistentRead", kBoolean),
    may("NextToken", kStatementToken),
    may("Limit", kPositiveInteger),
    may("ReturnValuesOnConditionCheckFailure", kReturnValuesOnConditionCheckFailure),
};
inline constexpr Shape kExecuteStatement = structure<kExecuteStatementMembers>("ExecuteStatementInput");
inline constexpr Member kBatchStatementMembers[] = {
    must("Statement", kStatement),
    may("Parameters", kParameters),
    may("ConsistentRead", kBoolean),
    may("ReturnValuesOnConditionCheckFailure", kReturnValuesOnConditionCheckFailure),
};
inline constexpr Shape kBatchStatement = structure<kBatchStatementMembers>("BatchStatementRequest");
inline constexpr Shape kBatchStatements = list_of(kBatchStatement, 1, 25);
inline constexpr Member kBatchExecuteStatementMembers[] = {
    may("ReturnConsumedCapacity", kReturnConsumedCapacity),
    must("Statements", kBatchStatements),
};
inline constexpr Shape kBatchExecuteStatement = structure<kBatchExecuteStatementMembers>("BatchExecuteStatementInput");
inline constexpr Member kTransactStatementMembers[] = {
    must("Statement", kStatement),
    may("Parameters", kParameters),
    may("ReturnValuesOnConditionCheckFailure", kReturnValuesOnConditionCheckFailure),
};
inline constexpr Shape kTransactStatement = structure<kTransactStatementMembers>("ParameterizedStatement");
inline constexpr Shape kTransactStatements = list_of(kTransactStatement, 1, 100);
inline constexpr Member kExecuteTransactionMembers[] = {
    may("ReturnConsumedCapacity", kReturnConsumedCapacity),
    may("ClientRequestToken", kClientRequestToken),
    must("TransactStatements", kTransactStatements),
};
inline constexpr Shape kExecuteTransaction = structure<kExecuteTransactionMembers>("ExecuteTransactionInput");

// Vectors.
inline constexpr Shape kSearchedIndexName{
    .kind = Kind::kString, .min_length = 3, .max_length = 255, .pattern = Pattern::kName, .newer_form = true};
inline constexpr Shape kSearchVector{
    .kind = Kind::kList, .element = &kAttributeValue, .min_length = 1, .max_length = 4096, .newer_form = true};
inline constexpr Shape kTopK{.kind = Kind::kInteger, .min_value = 1, .newer_form = true};
/// In the order in which the service reports missing ones.
inline constexpr Member kSearchVectorsMembers[] = {
    must("TableName", kItemTableName),
    must("IndexName", kSearchedIndexName),
    must("SearchVector", kSearchVector),
    must("TopK", kTopK),
    may("ReturnConsumedCapacity", kReturnConsumedCapacity),
    may("SearchConditionExpression", kText),
    may("ProjectionExpression", kText),
    may("ExpressionAttributeValues", kAttributeMap),
    may("ExpressionAttributeNames", kAttributeNameMap),
};
inline constexpr Shape kSearchVectors = structure<kSearchVectorsMembers>("SearchVectorsInput");

}  // namespace stator::api::shapes
