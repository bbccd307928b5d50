#pragma once

#include "api/shapes/common.h"

/// Inputs of the operations on tables, time to live, tags, limits and endpoints.
namespace stator::api::shapes {

inline constexpr std::string_view kReplicationModeValues[] = {"ENABLED", "DISABLED", "ENABLED_WITH_OVERRIDES"};
inline constexpr Shape kReplicationMode = one_of(kReplicationModeValues);

inline constexpr Member kCreateTableMembers[] = {
    must("AttributeDefinitions", kAttributeDefinitions),
    parameter("TableName", kTableName),
    may("BillingMode", kBillingMode),
    may("TableThroughputMode", kBillingMode),
    may("ProvisionedThroughput", kProvisionedThroughput),
    must("KeySchema", kKeySchema),
    may("GlobalSecondaryIndexes", kGlobalIndexes),
    may("LocalSecondaryIndexes", kLocalIndexes),
    may("VectorIndexes", kVectorIndexes),
    may("StreamSpecification", kStreamSpecification),
    may("SSESpecification", kSseSpecification),
    may("Tags", kTags),
    may("TableClass", kText),  // checked by the operation, with its own message
    may("DeletionProtectionEnabled", kBoolean),
    may("WarmThroughput", kWarmThroughput),
    may("ResourcePolicy", kText),
    may("OnDemandThroughput", kOnDemandThroughput),
    may("GlobalTableSourceArn", kText),
    may("GlobalTableSettingsReplicationMode", kReplicationMode),
};
inline constexpr Shape kCreateTable = structure<kCreateTableMembers>("CreateTableInput");

// UpdateTable: indexes.
inline constexpr Member kUpdateGlobalIndexMembers[] = {
    must("IndexName", kIndexName),
    may("ProvisionedThroughput", kProvisionedThroughput),
    may("OnDemandThroughput", kOnDemandThroughput),
    may("WarmThroughput", kWarmThroughput),
};
inline constexpr Shape kUpdateGlobalIndex = structure<kUpdateGlobalIndexMembers>("UpdateGlobalSecondaryIndexAction");
inline constexpr Member kCreateGlobalIndexMembers[] = {
    must("Projection", kProjection),
    must("IndexName", kIndexName),
    may("ProvisionedThroughput", kProvisionedThroughput),
    must("KeySchema", kGlobalKeySchema),
    may("OnDemandThroughput", kOnDemandThroughput),
    may("WarmThroughput", kWarmThroughput),
};
inline constexpr Shape kCreateGlobalIndex = structure<kCreateGlobalIndexMembers>("CreateGlobalSecondaryIndexAction");
inline constexpr Member kDeleteIndexMembers[] = {must("IndexName", kIndexName)};
inline constexpr Shape kDeleteGlobalIndex = structure<kDeleteIndexMembers>("DeleteGlobalSecondaryIndexAction");
inline constexpr Member kGlobalIndexUpdateMembers[] = {
    may("Update", kUpdateGlobalIndex),
    may("Create", kCreateGlobalIndex),
    may("Delete", kDeleteGlobalIndex),
};
inline constexpr Shape kGlobalIndexUpdate = structure<kGlobalIndexUpdateMembers>("GlobalSecondaryIndexUpdate");
inline constexpr Shape kGlobalIndexUpdates = list_of(kGlobalIndexUpdate);

inline constexpr Shape kCreateVectorIndex = structure<kVectorIndexMembers>("CreateVectorIndexAction");
inline constexpr Shape kDeleteVectorIndex = structure<kDeleteIndexMembers>("DeleteVectorIndexAction");
inline constexpr Member kVectorIndexUpdateMembers[] = {
    may("Create", kCreateVectorIndex),
    may("Delete", kDeleteVectorIndex),
};
inline constexpr Shape kVectorIndexUpdate = structure<kVectorIndexUpdateMembers>("VectorIndexUpdate");
inline constexpr Shape kVectorIndexUpdates = list_of(kVectorIndexUpdate);

// UpdateTable: replicas.
inline constexpr Member kReadOverrideMembers[] = {may("ReadCapacityUnits", kPositiveLong)};
inline constexpr Shape kProvisionedOverride = structure<kReadOverrideMembers>("ProvisionedThroughputOverride");
inline constexpr Member kOnDemandOverrideMembers[] = {may("MaxReadRequestUnits", kLong)};
inline constexpr Shape kOnDemandOverride = structure<kOnDemandOverrideMembers>("OnDemandThroughputOverride");
inline constexpr Member kReplicaIndexMembers[] = {
    must("IndexName", kIndexName),
    may("ProvisionedThroughputOverride", kProvisionedOverride),
    may("OnDemandThroughputOverride", kOnDemandOverride),
};
inline constexpr Shape kReplicaIndex = structure<kReplicaIndexMembers>("ReplicaGlobalSecondaryIndex");
inline constexpr Shape kReplicaIndexes = list_of(kReplicaIndex, 1);
inline constexpr Member kReplicaMembers[] = {
    must("RegionName", kText),
    may("KMSMasterKeyId", kKmsMasterKeyId),
    may("ProvisionedThroughputOverride", kProvisionedOverride),
    may("OnDemandThroughputOverride", kOnDemandOverride),
    may("GlobalSecondaryIndexes", kReplicaIndexes),
    may("TableClassOverride", kTableClass),
};
inline constexpr Shape kUpdateReplica = structure<kReplicaMembers>("UpdateReplicationGroupMemberAction");
/// The service accepts an empty Create or Delete here and refuses it later, with another message.
inline constexpr Member kCreateReplicaMembers[] = {
    may("RegionName", kText),
    may("KMSMasterKeyId", kKmsMasterKeyId),
    may("ProvisionedThroughputOverride", kProvisionedOverride),
    may("OnDemandThroughputOverride", kOnDemandOverride),
    may("GlobalSecondaryIndexes", kReplicaIndexes),
    may("TableClassOverride", kTableClass),
};
inline constexpr Shape kCreateReplica = structure<kCreateReplicaMembers>("CreateReplicationGroupMemberAction");
inline constexpr Member kRegionMembers[] = {may("RegionName", kText)};
inline constexpr Shape kDeleteReplica = structure<kRegionMembers>("DeleteReplicationGroupMemberAction");
inline constexpr std::string_view kDisassociationModeValues[] = {"WAIT_FOR_REPLICATION"};
inline constexpr Shape kDisassociationMode = one_of(kDisassociationModeValues);
inline constexpr Member kDisassociateReplicaMembers[] = {
    must("RegionName", kText),
    must("DisassociationMode", kDisassociationMode),
};
inline constexpr Shape kDisassociateReplica =
    structure<kDisassociateReplicaMembers>("DisassociateReplicationGroupMemberAction");
inline constexpr Member kReplicationGroupUpdateMembers[] = {
    may("Create", kCreateReplica),
    may("Update", kUpdateReplica),
    may("Delete", kDeleteReplica),
    may("Disassociate", kDisassociateReplica),
};
inline constexpr Shape kReplicationGroupUpdate = structure<kReplicationGroupUpdateMembers>("ReplicationGroupUpdate");
inline constexpr Shape kReplicationGroupUpdates = list_of(kReplicationGroupUpdate, 1);
inline constexpr Shape kCreateWitness = structure<kRegionMembers>("CreateGlobalTableWitnessGroupMemberAction");
inline constexpr Shape kDeleteWitness = structure<kRegionMembers>("DeleteGlobalTableWitnessGroupMemberAction");
inline constexpr Member kWitnessUpdateMembers[] = {
    may("Create", kCreateWitness),
    may("Delete", kDeleteWitness),
};
inline constexpr Shape kWitnessUpdate = structure<kWitnessUpdateMembers>("GlobalTableWitnessGroupUpdate");
inline constexpr Shape kWitnessUpdates = list_of(kWitnessUpdate, 1, 1);
inline constexpr std::string_view kMultiRegionConsistencyValues[] = {"EVENTUAL", "STRONG"};
inline constexpr Shape kMultiRegionConsistency = one_of(kMultiRegionConsistencyValues);

inline constexpr Member kUpdateTableMembers[] = {
    parameter("TableName", kTableName),
    may("ProvisionedThroughput", kProvisionedThroughput),
    may("BillingMode", kBillingMode),
    may("TableThroughputMode", kBillingMode),
    may("AttributeDefinitions", kAttributeDefinitions),
    may("GlobalSecondaryIndexUpdates", kGlobalIndexUpdates),
    may("VectorIndexUpdates", kVectorIndexUpdates),
    may("StreamSpecification", kStreamSpecification),
    may("SSESpecification", kSseSpecification),
    may("ReplicaUpdates", kReplicationGroupUpdates),
    may("TableClass", kText),
    may("DeletionProtectionEnabled", kBoolean),
    may("MultiRegionConsistency", kMultiRegionConsistency),
    may("GlobalTableWitnessUpdates", kWitnessUpdates),
    may("OnDemandThroughput", kOnDemandThroughput),
    may("WarmThroughput", kWarmThroughput),
    may("GlobalTableSettingsReplicationMode", kReplicationMode),
    may("DisassociationProtectionEnabled", kBoolean),
};
inline constexpr Shape kUpdateTable = structure<kUpdateTableMembers>("UpdateTableInput");

/// DescribeTable, DeleteTable and the other operations that only name a table.
inline constexpr Member kOneTableMembers[] = {parameter("TableName", kTableName)};
inline constexpr Shape kOneTable = structure<kOneTableMembers>("DescribeTableInput");

inline constexpr Shape kTableListLimit = integer(1, 100);
inline constexpr Member kListTablesMembers[] = {
    may("Limit", kTableListLimit),
    may("ExclusiveStartTableName", kStartTableName),
};
inline constexpr Shape kListTables = structure<kListTablesMembers>("ListTablesInput");

inline constexpr Member kTimeToLiveMembers[] = {
    must("AttributeName", kKeyAttributeName),
    must("Enabled", kBoolean),
};
inline constexpr Shape kTimeToLive = structure<kTimeToLiveMembers>("TimeToLiveSpecification");
inline constexpr Member kUpdateTimeToLiveMembers[] = {
    parameter("TableName", kTableName),
    must("TimeToLiveSpecification", kTimeToLive),
};
inline constexpr Shape kUpdateTimeToLive = structure<kUpdateTimeToLiveMembers>("UpdateTimeToLiveInput");

// Tags. The operations check the ARN.
inline constexpr Member kTagResourceMembers[] = {
    table_arn("ResourceArn", kText),
    must("Tags", kTags),
};
inline constexpr Shape kTagResource = structure<kTagResourceMembers>("TagResourceInput");
inline constexpr Shape kTagKeys = list_of(kText);
inline constexpr Member kUntagResourceMembers[] = {
    table_arn("ResourceArn", kText),
    must("TagKeys", kTagKeys),
};
inline constexpr Shape kUntagResource = structure<kUntagResourceMembers>("UntagResourceInput");
inline constexpr Member kListTagsMembers[] = {
    table_arn("ResourceArn", kText),
    may("NextToken", kText),
};
inline constexpr Shape kListTags = structure<kListTagsMembers>("ListTagsOfResourceInput");

/// DescribeLimits and DescribeEndpoints.
inline constexpr Shape kNothing{.kind = Kind::kStructure, .name = "DescribeLimitsInput"};

}  // namespace stator::api::shapes
