#pragma once

#include "api/shapes/tables.h"

/// Inputs of the operations around tables: backups, exports and imports, global tables and their capacity, Kinesis
/// streaming, contributor insights, resource policies, bulk operations; and those of DynamoDB Streams.
namespace stator::api::shapes {

// Backups. ARNs of backups are checked by the operations ("Invalid Backup ARN").
inline constexpr Shape kBackupName{
    .kind = Kind::kString, .min_length = 3, .max_length = 255, .pattern = Pattern::kName, .pattern_first = true};
inline constexpr Member kCreateBackupMembers[] = {
    parameter("TableName", kTableName),
    must("BackupName", kBackupName),
};
inline constexpr Shape kCreateBackup = structure<kCreateBackupMembers>("CreateBackupInput");
inline constexpr Member kOneBackupMembers[] = {must("BackupArn", kText)};
inline constexpr Shape kOneBackup = structure<kOneBackupMembers>("DescribeBackupInput");
inline constexpr std::string_view kBackupTypeValues[] = {"USER", "SYSTEM", "AWS_BACKUP", "ALL"};
inline constexpr Shape kBackupType = one_of(kBackupTypeValues);
inline constexpr Shape kHundred = integer(1, 100);
inline constexpr Member kListBackupsMembers[] = {
    may("TableName", kTableName),           may("Limit", kHundred),
    may("TimeRangeLowerBound", kTimestamp), may("TimeRangeUpperBound", kTimestamp),
    may("ExclusiveStartBackupArn", kArn),   may("BackupType", kBackupType),
};
inline constexpr Shape kListBackups = structure<kListBackupsMembers>("ListBackupsInput");
inline constexpr Member kRestoreFromBackupMembers[] = {
    must("TargetTableName", kTargetTableName),
    must("BackupArn", kText),
    may("BillingModeOverride", kBillingMode),
    may("GlobalSecondaryIndexOverride", kGlobalIndexes),
    may("LocalSecondaryIndexOverride", kLocalIndexes),
    may("ProvisionedThroughputOverride", kProvisionedThroughput),
    may("OnDemandThroughputOverride", kOnDemandThroughput),
    may("SSESpecificationOverride", kSseSpecification),
    may("VectorIndexOverride", kVectorIndexes),
};
inline constexpr Shape kRestoreFromBackup = structure<kRestoreFromBackupMembers>("RestoreTableFromBackupInput");
inline constexpr Member kRestoreToPointMembers[] = {
    may("SourceTableArn", kText),
    may("SourceTableName", kTableName),
    must("TargetTableName", kTargetTableName),
    may("UseLatestRestorableTime", kBoolean),
    may("RestoreDateTime", kTimestamp),
    may("BillingModeOverride", kBillingMode),
    may("GlobalSecondaryIndexOverride", kGlobalIndexes),
    may("LocalSecondaryIndexOverride", kLocalIndexes),
    may("ProvisionedThroughputOverride", kProvisionedThroughput),
    may("OnDemandThroughputOverride", kOnDemandThroughput),
    may("SSESpecificationOverride", kSseSpecification),
    may("VectorIndexOverride", kVectorIndexes),
};
inline constexpr Shape kRestoreToPoint = structure<kRestoreToPointMembers>("RestoreTableToPointInTimeInput");
inline constexpr Shape kRecoveryPeriod = integer(1, 35);
inline constexpr Member kPointInTimeMembers[] = {
    must("PointInTimeRecoveryEnabled", kBoolean),
    may("RecoveryPeriodInDays", kRecoveryPeriod),
};
inline constexpr Shape kPointInTime = structure<kPointInTimeMembers>("PointInTimeRecoverySpecification");
inline constexpr Member kUpdateContinuousBackupsMembers[] = {
    parameter("TableName", kTableName),
    must("PointInTimeRecoverySpecification", kPointInTime),
};
inline constexpr Shape kUpdateContinuousBackups =
    structure<kUpdateContinuousBackupsMembers>("UpdateContinuousBackupsInput");

// Exports and imports.
inline constexpr Shape kClientToken = string(0, kUnbounded, Pattern::kClientToken);
inline constexpr Shape kBucket = string(0, 255, Pattern::kBucket);
inline constexpr Shape kBucketOwner = string(0, kUnbounded, Pattern::kAccountId);
inline constexpr Shape kPrefix = string(0, 1024);
inline constexpr Shape kExportPrefix = string(1, 1024);  // the service refuses "" here, unlike its model
inline constexpr Shape kBucketKey = string(1, 2048);
inline constexpr std::string_view kExportFormatValues[] = {"DYNAMODB_JSON", "ION"};
inline constexpr Shape kExportFormat = one_of(kExportFormatValues);
inline constexpr std::string_view kExportTypeValues[] = {"FULL_EXPORT", "INCREMENTAL_EXPORT"};
inline constexpr Shape kExportType = one_of(kExportTypeValues);
inline constexpr std::string_view kExportViewTypeValues[] = {"NEW_IMAGE", "NEW_AND_OLD_IMAGES"};
inline constexpr Shape kExportViewType = one_of(kExportViewTypeValues);
inline constexpr Member kIncrementalExportMembers[] = {
    may("ExportFromTime", kTimestamp),
    may("ExportToTime", kTimestamp),
    may("ExportViewType", kExportViewType),
};
inline constexpr Shape kIncrementalExport = structure<kIncrementalExportMembers>("IncrementalExportSpecification");
inline constexpr Member kExportFilterMembers[] = {
    may("FilterExpression", kText),
    may("ProjectionExpression", kText),
    may("KeyConditionExpression", kText),
    may("ExpressionAttributeNames", kAttributeNameMap),
    may("ExpressionAttributeValues", kAttributeMap),
};
inline constexpr Shape kExportFilter = structure<kExportFilterMembers>("FilterSpecification");
inline constexpr Member kExportTableMembers[] = {
    must("TableArn", kText),
    may("ExportTime", kTimestamp),
    may("ClientToken", kClientToken),
    must("S3Bucket", kBucket),
    may("S3BucketOwner", kBucketOwner),
    may("S3Prefix", kExportPrefix),
    may("S3SseAlgorithm", kSseType),
    may("S3SseKmsKeyId", kBucketKey),
    may("ExportFormat", kExportFormat),
    may("ExportType", kExportType),
    may("IncrementalExportSpecification", kIncrementalExport),
    may("FilterSpecification", kExportFilter),
};
inline constexpr Shape kExportTable = structure<kExportTableMembers>("ExportTableToPointInTimeInput");
inline constexpr Member kDescribeExportMembers[] = {must("ExportArn", kArn)};
inline constexpr Shape kDescribeExport = structure<kDescribeExportMembers>("DescribeExportInput");
inline constexpr Shape kTwentyFive = integer(1, 25);
inline constexpr Member kListExportsMembers[] = {
    may("TableArn", kText),
    may("MaxResults", kTwentyFive),
    may("NextToken", kText),
};
inline constexpr Shape kListExports = structure<kListExportsMembers>("ListExportsInput");
inline constexpr Member kBucketSourceMembers[] = {
    may("S3BucketOwner", kBucketOwner),
    must("S3Bucket", kBucket),
    may("S3KeyPrefix", kPrefix),
};
inline constexpr Shape kBucketSource = structure<kBucketSourceMembers>("S3BucketSource");
inline constexpr Shape kCsvDelimiter = {
    .kind = Kind::kString, .min_length = 1, .max_length = 1, .pattern = Pattern::kCsvDelimiter, .pattern_first = true};
inline constexpr Shape kCsvHeader = string(1, 65536, Pattern::kCsvHeader);
inline constexpr Shape kCsvHeaders = list_of(kCsvHeader, 1, 255);
inline constexpr Member kCsvMembers[] = {
    may("Delimiter", kCsvDelimiter),
    may("HeaderList", kCsvHeaders),
};
inline constexpr Shape kCsv = structure<kCsvMembers>("CsvOptions");
inline constexpr Member kInputFormatOptionsMembers[] = {may("Csv", kCsv)};
inline constexpr Shape kInputFormatOptions = structure<kInputFormatOptionsMembers>("InputFormatOptions");
inline constexpr Member kTableCreationMembers[] = {
    must("TableName", kTableName),
    must("AttributeDefinitions", kAttributeDefinitions),
    must("KeySchema", kKeySchema),
    may("BillingMode", kBillingMode),
    may("ProvisionedThroughput", kProvisionedThroughput),
    may("OnDemandThroughput", kOnDemandThroughput),
    may("SSESpecification", kSseSpecification),
    may("GlobalSecondaryIndexes", kGlobalIndexes),
    may("VectorIndexes", kVectorIndexes),
};
inline constexpr Shape kTableCreation = structure<kTableCreationMembers>("TableCreationParameters");
inline constexpr Member kImportTableMembers[] = {
    must("ClientToken", kClientToken),
    must("S3BucketSource", kBucketSource),
    must("InputFormat", kInputFormat),
    may("InputFormatOptions", kInputFormatOptions),
    may("InputCompressionType", kInputCompressionType),
    must("TableCreationParameters", kTableCreation),
};
inline constexpr Shape kImportTable = structure<kImportTableMembers>("ImportTableInput");
inline constexpr Member kDescribeImportMembers[] = {must("ImportArn", kArn)};
inline constexpr Shape kDescribeImport = structure<kDescribeImportMembers>("DescribeImportInput");
inline constexpr Shape kImportToken = string(112, 1024, Pattern::kImportToken);
inline constexpr Member kListImportsMembers[] = {
    may("TableArn", kText),
    may("PageSize", kTwentyFive),
    may("NextToken", kImportToken),
};
inline constexpr Shape kListImports = structure<kListImportsMembers>("ListImportsInput");

// Auto scaling.
inline constexpr Shape kPolicyName = string(1, 256, Pattern::kPrintable);
inline constexpr Shape kRoleArn = string(1, 1600, Pattern::kRoleArn);
inline constexpr Member kTargetTrackingMembers[] = {
    may("DisableScaleIn", kBoolean),
    may("ScaleInCooldown", kInteger),
    may("ScaleOutCooldown", kInteger),
    must("TargetValue", kDouble),
};
inline constexpr Shape kTargetTracking =
    structure<kTargetTrackingMembers>("AutoScalingTargetTrackingScalingPolicyConfigurationUpdate");
inline constexpr Member kScalingPolicyMembers[] = {
    may("PolicyName", kPolicyName),
    must("TargetTrackingScalingPolicyConfiguration", kTargetTracking),
};
inline constexpr Shape kScalingPolicy = structure<kScalingPolicyMembers>("AutoScalingPolicyUpdate");
inline constexpr Member kAutoScalingMembers[] = {
    may("MinimumUnits", kPositiveLong),         may("MaximumUnits", kPositiveLong),
    may("AutoScalingDisabled", kBoolean),       may("AutoScalingRoleArn", kRoleArn),
    may("ScalingPolicyUpdate", kScalingPolicy),
};
inline constexpr Shape kAutoScaling = structure<kAutoScalingMembers>("AutoScalingSettingsUpdate");

inline constexpr Member kIndexScalingMembers[] = {
    may("IndexName", kIndexName),
    may("ProvisionedWriteCapacityAutoScalingUpdate", kAutoScaling),
};
inline constexpr Shape kIndexScaling = structure<kIndexScalingMembers>("GlobalSecondaryIndexAutoScalingUpdate");
inline constexpr Shape kIndexScalings = list_of(kIndexScaling, 1);
inline constexpr Member kReplicaIndexScalingMembers[] = {
    may("IndexName", kIndexName),
    may("ProvisionedReadCapacityAutoScalingUpdate", kAutoScaling),
};
inline constexpr Shape kReplicaIndexScaling =
    structure<kReplicaIndexScalingMembers>("ReplicaGlobalSecondaryIndexAutoScalingUpdate");
inline constexpr Shape kReplicaIndexScalings = list_of(kReplicaIndexScaling);
inline constexpr Member kReplicaScalingMembers[] = {
    must("RegionName", kText),
    may("ReplicaGlobalSecondaryIndexUpdates", kReplicaIndexScalings),
    may("ReplicaProvisionedReadCapacityAutoScalingUpdate", kAutoScaling),
};
inline constexpr Shape kReplicaScaling = structure<kReplicaScalingMembers>("ReplicaAutoScalingUpdate");
inline constexpr Shape kReplicaScalings = list_of(kReplicaScaling, 1);
inline constexpr Member kUpdateAutoScalingMembers[] = {
    may("GlobalSecondaryIndexUpdates", kIndexScalings),
    parameter("TableName", kTableName),
    may("ProvisionedWriteCapacityAutoScalingUpdate", kAutoScaling),
    may("ReplicaUpdates", kReplicaScalings),
};
inline constexpr Shape kUpdateAutoScaling = structure<kUpdateAutoScalingMembers>("UpdateTableReplicaAutoScalingInput");

// Global tables of the first version (2017).
inline constexpr Member kReplicaRegionMembers[] = {may("RegionName", kText)};
inline constexpr Shape kReplica = structure<kReplicaRegionMembers>("Replica");
inline constexpr Shape kReplicas = list_of(kReplica);
inline constexpr Member kCreateGlobalTableMembers[] = {
    must("GlobalTableName", kTargetTableName),
    must("ReplicationGroup", kReplicas),
};
inline constexpr Shape kCreateGlobalTable = structure<kCreateGlobalTableMembers>("CreateGlobalTableInput");
inline constexpr Member kOneGlobalTableMembers[] = {must("GlobalTableName", kTargetTableName)};
inline constexpr Shape kOneGlobalTable = structure<kOneGlobalTableMembers>("DescribeGlobalTableInput");
inline constexpr Member kListGlobalTablesMembers[] = {
    may("ExclusiveStartGlobalTableName", kStartTableName),
    may("Limit", kPositiveInteger),
    may("RegionName", kText),
};
inline constexpr Shape kListGlobalTables = structure<kListGlobalTablesMembers>("ListGlobalTablesInput");
inline constexpr Shape kCreateReplicaAction = structure<kReplicaRegionMembers>("CreateReplicaAction");
inline constexpr Shape kDeleteReplicaAction = structure<kReplicaRegionMembers>("DeleteReplicaAction");
inline constexpr Member kReplicaUpdateMembers[] = {
    may("Create", kCreateReplicaAction),
    may("Delete", kDeleteReplicaAction),
};
inline constexpr Shape kReplicaUpdate = structure<kReplicaUpdateMembers>("ReplicaUpdate");
inline constexpr Shape kReplicaUpdates = list_of(kReplicaUpdate);
inline constexpr Member kUpdateGlobalTableMembers[] = {
    must("GlobalTableName", kTargetTableName),
    must("ReplicaUpdates", kReplicaUpdates),
};
inline constexpr Shape kUpdateGlobalTable = structure<kUpdateGlobalTableMembers>("UpdateGlobalTableInput");
inline constexpr Member kGlobalIndexSettingsMembers[] = {
    must("IndexName", kIndexName),
    may("ProvisionedWriteCapacityUnits", kPositiveLong),
    may("ProvisionedWriteCapacityAutoScalingSettingsUpdate", kAutoScaling),
};
inline constexpr Shape kGlobalIndexSettings =
    structure<kGlobalIndexSettingsMembers>("GlobalTableGlobalSecondaryIndexSettingsUpdate");
inline constexpr Shape kGlobalIndexSettingsList = list_of(kGlobalIndexSettings, 1, 20);
inline constexpr Member kReplicaIndexSettingsMembers[] = {
    must("IndexName", kIndexName),
    may("ProvisionedReadCapacityUnits", kPositiveLong),
    may("ProvisionedReadCapacityAutoScalingSettingsUpdate", kAutoScaling),
};
inline constexpr Shape kReplicaIndexSettings =
    structure<kReplicaIndexSettingsMembers>("ReplicaGlobalSecondaryIndexSettingsUpdate");
inline constexpr Shape kReplicaIndexSettingsList = list_of(kReplicaIndexSettings, 1, 20);
inline constexpr Member kReplicaSettingsMembers[] = {
    must("RegionName", kText),
    may("ReplicaProvisionedReadCapacityUnits", kPositiveLong),
    may("ReplicaProvisionedReadCapacityAutoScalingSettingsUpdate", kAutoScaling),
    may("ReplicaGlobalSecondaryIndexSettingsUpdate", kReplicaIndexSettingsList),
    may("ReplicaTableClass", kTableClass),
};
inline constexpr Shape kReplicaSettings = structure<kReplicaSettingsMembers>("ReplicaSettingsUpdate");
inline constexpr Shape kReplicaSettingsList = list_of(kReplicaSettings, 1, 50);
inline constexpr Member kUpdateGlobalTableSettingsMembers[] = {
    must("GlobalTableName", kTargetTableName),
    may("GlobalTableBillingMode", kBillingMode),
    may("GlobalTableProvisionedWriteCapacityUnits", kPositiveLong),
    may("GlobalTableProvisionedWriteCapacityAutoScalingSettingsUpdate", kAutoScaling),
    may("GlobalTableGlobalSecondaryIndexSettingsUpdate", kGlobalIndexSettingsList),
    may("ReplicaSettingsUpdate", kReplicaSettingsList),
};
inline constexpr Shape kUpdateGlobalTableSettings =
    structure<kUpdateGlobalTableSettingsMembers>("UpdateGlobalTableSettingsInput");

// Kinesis streaming.
inline constexpr std::string_view kPrecisionValues[] = {"MILLISECOND", "MICROSECOND"};
inline constexpr Shape kPrecision = one_of(kPrecisionValues);
inline constexpr Member kStreamingMembers[] = {may("ApproximateCreationDateTimePrecision", kPrecision)};
inline constexpr Shape kEnableStreaming = structure<kStreamingMembers>("EnableKinesisStreamingConfiguration");
inline constexpr Shape kUpdateStreaming = structure<kStreamingMembers>("UpdateKinesisStreamingConfiguration");
inline constexpr Member kKinesisDestinationMembers[] = {
    parameter("TableName", kTableName),
    must("StreamArn", kArn),
    may("EnableKinesisStreamingConfiguration", kEnableStreaming),
};
inline constexpr Shape kKinesisDestination = structure<kKinesisDestinationMembers>("KinesisStreamingDestinationInput");
// An ARN of any length that is none of the table's destinations is refused as such. Source: the AWS controller for
// Kubernetes' measurements, October 2026.
inline constexpr Shape kDisabledArn = string(0, 1024);
inline constexpr Member kDisableKinesisDestinationMembers[] = {
    parameter("TableName", kTableName),
    must("StreamArn", kDisabledArn),
    may("EnableKinesisStreamingConfiguration", kEnableStreaming),
};
inline constexpr Shape kDisableKinesisDestination =
    structure<kDisableKinesisDestinationMembers>("KinesisStreamingDestinationInput");
inline constexpr Member kUpdateKinesisDestinationMembers[] = {
    parameter("TableName", kTableName),
    must("StreamArn", kArn),
    may("UpdateKinesisStreamingConfiguration", kUpdateStreaming),
};
inline constexpr Shape kUpdateKinesisDestination =
    structure<kUpdateKinesisDestinationMembers>("UpdateKinesisStreamingDestinationInput");

// Contributor insights.
inline constexpr Shape kInsightsIndexName{
    .kind = Kind::kString, .pattern = Pattern::kName, .rule = Rule::kInsightsIndex};
inline constexpr std::string_view kInsightsActionValues[] = {"ENABLE", "DISABLE"};
inline constexpr Shape kInsightsAction = one_of(kInsightsActionValues);
inline constexpr std::string_view kInsightsModeValues[] = {"THROTTLED_KEYS", "ACCESSED_AND_THROTTLED_KEYS"};
inline constexpr Shape kInsightsMode = one_of(kInsightsModeValues);
inline constexpr Member kDescribeInsightsMembers[] = {
    parameter("TableName", kTableName),
    may("IndexName", kInsightsIndexName),
};
inline constexpr Shape kDescribeInsights = structure<kDescribeInsightsMembers>("DescribeContributorInsightsInput");
inline constexpr Member kUpdateInsightsMembers[] = {
    parameter("TableName", kTableName),
    may("IndexName", kInsightsIndexName),
    must("ContributorInsightsAction", kInsightsAction),
    may("ContributorInsightsMode", kInsightsMode),
};
inline constexpr Shape kUpdateInsights = structure<kUpdateInsightsMembers>("UpdateContributorInsightsInput");
inline constexpr Shape kInsightsLimit = integer(kNoMinimum, 100);
inline constexpr Member kListInsightsMembers[] = {
    may("TableName", kTableName),
    may("NextToken", kText),
    may("MaxResults", kInsightsLimit),
};
inline constexpr Shape kListInsights = structure<kListInsightsMembers>("ListContributorInsightsInput");

// Resource policies.
inline constexpr Shape kResourceArn = string(1, 1283);
inline constexpr Shape kRevisionId = string(1, 255);
inline constexpr Member kGetPolicyMembers[] = {must("ResourceArn", kResourceArn)};
inline constexpr Shape kGetPolicy = structure<kGetPolicyMembers>("GetResourcePolicyInput");
inline constexpr Member kDeletePolicyMembers[] = {
    must("ResourceArn", kResourceArn),
    may("ExpectedRevisionId", kRevisionId),
};
inline constexpr Shape kDeletePolicy = structure<kDeletePolicyMembers>("DeleteResourcePolicyInput");
inline constexpr Member kPutPolicyMembers[] = {
    must("ResourceArn", kResourceArn),
    must("Policy", kText),
    may("ExpectedRevisionId", kRevisionId),
    may("ConfirmRemoveSelfResourceAccess", kBoolean),
};
inline constexpr Shape kPutPolicy = structure<kPutPolicyMembers>("PutResourcePolicyInput");

// Bulk operations.
inline constexpr Member kOneBulkOperationMembers[] = {must("BulkOperationArn", kArn)};
inline constexpr Shape kOneBulkOperation = structure<kOneBulkOperationMembers>("DescribeBulkOperationInput");
inline constexpr Shape kBulkOperationToken = string(1, 1024, Pattern::kImportToken);
inline constexpr Member kListBulkOperationsMembers[] = {
    may("MaxResults", kTwentyFive),
    may("NextToken", kBulkOperationToken),
};
inline constexpr Shape kListBulkOperations = structure<kListBulkOperationsMembers>("ListBulkOperationsInput");
inline constexpr Member kInputBucketMembers[] = {
    must("S3Bucket", kBucket),
    must("InputFormat", kExportFormat),
    may("S3BucketOwner", kBucketOwner),
    may("S3KeyPrefix", kPrefix),
    may("InputCompressionType", kInputCompressionType),
};
inline constexpr Shape kInputBucket = structure<kInputBucketMembers>("InputS3Configuration");
inline constexpr std::string_view kOutputTypeValues[] = {"CONDITION_CHECK_FAILURE", "ERROR"};
inline constexpr Shape kOutputType = one_of(kOutputTypeValues);
inline constexpr Shape kOutputTypes = list_of(kOutputType);
inline constexpr Member kOutputBucketMembers[] = {
    must("OutputType", kOutputTypes), may("S3BucketOwner", kBucketOwner), may("S3Bucket", kBucket),
    may("S3KeyPrefix", kPrefix),      may("S3SseAlgorithm", kSseType),    may("S3SseKmsKeyId", kBucketKey),
};
inline constexpr Shape kOutputBucket = structure<kOutputBucketMembers>("OutputS3Configuration");
inline constexpr std::string_view kPerformanceTierValues[] = {"ACCELERATED", "STANDARD"};
inline constexpr Shape kPerformanceTier = one_of(kPerformanceTierValues);
inline constexpr Shape kBulkWriteUnits = long_integer(1024);
inline constexpr Member kStartBulkPutMembers[] = {
    must("InputS3Configuration", kInputBucket),
    must("OutputS3Configuration", kOutputBucket),
    must("TableName", kTableName),
    may("ClientToken", kClientToken),
    may("MaxWriteRequestUnits", kBulkWriteUnits),
    may("PerformanceTier", kPerformanceTier),
};
inline constexpr Shape kStartBulkPut = structure<kStartBulkPutMembers>("StartBulkPutItemsInput");

// DynamoDB Streams. The upper limits of pages are those of the API reference.
inline constexpr Shape kRecordsLimit = integer(1, 1000);
inline constexpr Shape kShardId = string(28, 65);
inline constexpr Shape kShardIterator = string(1, 2048);
inline constexpr Shape kSequenceNumber = string(21, 40);
/// In the order of Kinesis, which has the same types.
inline constexpr std::string_view kShardIteratorTypeValues[] = {"AFTER_SEQUENCE_NUMBER", "LATEST", "AT_TIMESTAMP",
                                                                "AT_SEQUENCE_NUMBER", "TRIM_HORIZON"};
inline constexpr Shape kShardIteratorType = one_of(kShardIteratorTypeValues);
inline constexpr std::string_view kShardFilterTypeValues[] = {"CHILD_SHARDS"};
inline constexpr Shape kShardFilterType = one_of(kShardFilterTypeValues);
inline constexpr Member kShardFilterMembers[] = {
    may("Type", kShardFilterType),
    may("ShardId", kShardId),
};
inline constexpr Shape kShardFilter = structure<kShardFilterMembers>("ShardFilter");
inline constexpr Member kDescribeStreamMembers[] = {
    must("StreamArn", kArn),
    may("Limit", kHundred),
    may("ExclusiveStartShardId", kShardId),
    may("ShardFilter", kShardFilter),
};
inline constexpr Shape kDescribeStream = structure<kDescribeStreamMembers>("DescribeStreamInput");
inline constexpr Member kGetRecordsMembers[] = {
    must("ShardIterator", kShardIterator),
    may("Limit", kRecordsLimit),
};
inline constexpr Shape kGetRecords = structure<kGetRecordsMembers>("GetRecordsInput");
inline constexpr Member kGetShardIteratorMembers[] = {
    must("StreamArn", kArn),
    must("ShardId", kShardId),
    must("ShardIteratorType", kShardIteratorType),
    may("SequenceNumber", kSequenceNumber),
    may("Timestamp", kTimestamp),
};
inline constexpr Shape kGetShardIterator = structure<kGetShardIteratorMembers>("GetShardIteratorInput");
inline constexpr Member kListStreamsMembers[] = {
    may("TableName", kTableName),
    may("Limit", kHundred),
    may("ExclusiveStartStreamArn", kArn),
};
inline constexpr Shape kListStreams = structure<kListStreamsMembers>("ListStreamsInput");

}  // namespace stator::api::shapes
