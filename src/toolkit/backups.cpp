#include "toolkit/backups.h"

#include <algorithm>
#include <stdexcept>

#include "json/reader.h"
#include "toolkit/table_info.h"

namespace stator::toolkit {
namespace {

constexpr std::chrono::milliseconds kFirstWait{10};
constexpr std::chrono::milliseconds kLongestWait{2000};
/// A longer list is considered a fault of the service.
constexpr std::size_t kMostPages = 100'000;

double seconds_of(const json::Value& object, std::string_view name) {
  double seconds = 0;
  return object[name].get(seconds) == simdjson::SUCCESS ? seconds : 0;
}

BackupSummary read_summary(const json::Value& value) {
  BackupSummary backup;
  backup.arn = text_of(value, "BackupArn");
  backup.name = text_of(value, "BackupName");
  backup.table = text_of(value, "TableName");
  backup.type = text_of(value, "BackupType");
  backup.status = text_of(value, "BackupStatus");
  backup.size_bytes = number_of(value, "BackupSizeBytes");
  backup.created_seconds = seconds_of(value, "BackupCreationDateTime");
  backup.expires_seconds = seconds_of(value, "BackupExpiryDateTime");
  return backup;
}

std::string wait_until_whole(endpoint::Endpoint& endpoint, std::string_view target, const RestoreProgress& progress,
                             const Sleep& sleep) {
  const std::string request = RequestBuilder().text("TableName", target).str();
  for (std::chrono::milliseconds wait = kFirstWait;; wait = std::min(2 * wait, kLongestWait)) {
    std::string reply;
    try {
      reply = call(endpoint, "DescribeTable", request);
    } catch (const OperationError& error) {
      if (error.type != core::ErrorCode::kResourceNotFound) throw;
      throw std::runtime_error("table " + std::string(target) +
                               " could not be restored and was removed; the server's log says why");
    }
    json::Parser parser;
    const json::Value table = member_of(parser.parse(reply), "Table");
    progress(number_of(table, "ItemCount"));
    if (text_of(table, "TableStatus") == "ACTIVE") return simdjson::minify(table);
    sleep(wait);
  }
}

Recovery read_recovery(const std::string& reply) {
  json::Parser parser;
  const json::Value description = member_of(parser.parse(reply), "ContinuousBackupsDescription");
  const json::Value value = member_of(description, "PointInTimeRecoveryDescription");
  Recovery recovery;
  recovery.enabled = text_of(value, "PointInTimeRecoveryStatus") == "ENABLED";
  recovery.days = number_of(value, "RecoveryPeriodInDays");
  recovery.earliest_seconds = seconds_of(value, "EarliestRestorableDateTime");
  recovery.latest_seconds = seconds_of(value, "LatestRestorableDateTime");
  return recovery;
}

}  // namespace

std::vector<BackupSummary> list_backups(endpoint::Endpoint& endpoint, std::string_view table) {
  std::vector<BackupSummary> backups;
  std::string after;
  for (std::size_t page = 0; page < kMostPages; ++page) {
    RequestBuilder request;
    request.text("BackupType", "ALL");
    if (!table.empty()) request.text("TableName", table);
    if (!after.empty()) request.text("ExclusiveStartBackupArn", after);
    const std::string reply = call(endpoint, "ListBackups", request.str());
    json::Parser parser;
    const json::Value root = parser.parse(reply);
    json::Array array;
    if (member_of(root, "BackupSummaries").get(array) != simdjson::SUCCESS) break;
    for (const json::Value element : array) backups.push_back(read_summary(element));
    after = text_of(root, "LastEvaluatedBackupArn");
    if (after.empty()) break;
  }
  return backups;
}

BackupSummary find_backup(endpoint::Endpoint& endpoint, const std::string& word) {
  std::vector<BackupSummary> found;
  for (BackupSummary& backup : list_backups(endpoint, {})) {
    if (backup.arn == word || backup.arn.ends_with("/" + word)) return std::move(backup);
    if (backup.name == word) found.push_back(std::move(backup));
  }
  if (found.empty()) throw std::runtime_error("there is no backup " + word + "; \"stator backups\" lists them");
  if (found.size() > 1) {
    std::string ids;
    for (const BackupSummary& backup : found) {
      ids += (ids.empty() ? "" : ", ") + backup.arn.substr(backup.arn.rfind('/') + 1);
    }
    throw std::runtime_error("several backups are called " + word + ": say which, " + ids);
  }
  return std::move(found.front());
}

std::string create_backup(endpoint::Endpoint& endpoint, std::string_view table, std::string_view name,
                          const Sleep& sleep, std::chrono::milliseconds timeout) {
  json::Parser parser;
  const std::string created =
      call(endpoint, "CreateBackup", RequestBuilder().text("TableName", table).text("BackupName", name).str());
  std::string arn = text_of(member_of(parser.parse(created), "BackupDetails"), "BackupArn");
  const std::string request = RequestBuilder().text("BackupArn", arn).str();
  std::chrono::milliseconds waited{0};
  for (std::chrono::milliseconds wait = kFirstWait;; wait = std::min(2 * wait, kLongestWait)) {
    const std::string reply = call(endpoint, "DescribeBackup", request);
    const json::Value description = member_of(parser.parse(reply), "BackupDescription");
    const std::string status = text_of(member_of(description, "BackupDetails"), "BackupStatus");
    if (status == "AVAILABLE") return arn;
    if (waited >= timeout) throw std::runtime_error("the backup " + arn + " is still " + status);
    sleep(wait);
    waited += wait;
  }
}

void delete_backup(endpoint::Endpoint& endpoint, std::string_view arn) {
  call(endpoint, "DeleteBackup", RequestBuilder().text("BackupArn", arn).str());
}

std::string restore_backup(endpoint::Endpoint& endpoint, std::string_view arn, std::string_view target,
                           const RestoreProgress& progress, const Sleep& sleep) {
  call(endpoint, "RestoreTableFromBackup",
       RequestBuilder().text("TargetTableName", target).text("BackupArn", arn).str());
  return wait_until_whole(endpoint, target, progress, sleep);
}

std::string restore_to_time(endpoint::Endpoint& endpoint, std::string_view source, std::optional<double> seconds,
                            std::string_view target, const RestoreProgress& progress, const Sleep& sleep) {
  RequestBuilder request;
  request.text("SourceTableName", source).text("TargetTableName", target);
  seconds ? request.json("RestoreDateTime", seconds_text(*seconds)) : request.json("UseLatestRestorableTime", "true");
  call(endpoint, "RestoreTableToPointInTime", request.str());
  return wait_until_whole(endpoint, target, progress, sleep);
}

Recovery describe_recovery(endpoint::Endpoint& endpoint, std::string_view table) {
  return read_recovery(call(endpoint, "DescribeContinuousBackups", RequestBuilder().text("TableName", table).str()));
}

Recovery set_recovery(endpoint::Endpoint& endpoint, std::string_view table, std::uint64_t days) {
  RequestBuilder specification;
  specification.json("PointInTimeRecoveryEnabled", days == 0 ? "false" : "true");
  if (days != 0) specification.number("RecoveryPeriodInDays", days);
  return read_recovery(call(
      endpoint, "UpdateContinuousBackups",
      RequestBuilder().text("TableName", table).json("PointInTimeRecoverySpecification", specification.str()).str()));
}

}  // namespace stator::toolkit
