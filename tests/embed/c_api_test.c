/* Tests include/stator/stator_c.h, compiled as C and linked with libstator.so, as other languages use it. */
#include "stator/stator_c.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int checks = 0;

#define CHECK(condition)                                                             \
  do {                                                                               \
    ++checks;                                                                        \
    if (!(condition)) {                                                              \
      fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
      exit(1);                                                                       \
    }                                                                                \
  } while (0)

static const char kTable[] =
    "{\"TableName\":\"things\",\"BillingMode\":\"PAY_PER_REQUEST\","
    "\"AttributeDefinitions\":[{\"AttributeName\":\"pk\",\"AttributeType\":\"S\"}],"
    "\"KeySchema\":[{\"AttributeName\":\"pk\",\"KeyType\":\"HASH\"}]}";

/* Makes a call, compares the reply with what is expected, and releases it. The body must contain `part`. */
static void expect(stator_database* database, const char* target, const char* request, int status, const char* type,
                   const char* part) {
  stator_reply reply;
  CHECK(stator_call(database, target, NULL, request, strlen(request), &reply) == reply.http_status);
  if (reply.http_status != status || strcmp(reply.error_type, type) != 0 || strstr(reply.body, part) == NULL) {
    fprintf(stderr, "%s %s: %d %s %s\n", target, request, (int)reply.http_status, reply.error_type, reply.body);
  }
  CHECK(reply.http_status == status);
  CHECK(strcmp(reply.error_type, type) == 0);
  CHECK((status == 200) == (reply.error_type[0] == '\0'));
  CHECK(strlen(reply.body) == reply.body_bytes);
  CHECK(strstr(reply.body, part) != NULL);
  stator_reply_free(&reply);
  CHECK(reply.body == NULL && reply.owner == NULL);
  stator_reply_free(&reply);
}

static void expect_error(char* error, const char* part) {
  CHECK(error != NULL);
  if (strstr(error, part) == NULL) fprintf(stderr, "not \"%s\": %s\n", part, error);
  CHECK(strstr(error, part) != NULL);
  CHECK(strchr(error, '\n') == NULL);
  stator_free(error);
}

static void refuses_wrong_options(void) {
  static const char* const rows[][2] = {
      {"", ""}, /* nothing is all defaults */
      {"{}", ""},
      {"{\"sync\":null}", ""},
      {"[]", "the options must be a JSON object"},
      {"{", "the options must be a JSON object: line 1, column 2: Missing a name for object member"},
      {"{\"colour\":1}", "there is no option \"colour\""},
      {"{\"co\\n\\tlour\":1}", "there is no option \"co  lour\""},
      {"{\"sync\":1}", "option \"sync\" must be true or false"},
      {"{\"directory\":\"\"}", "option \"directory\" must be a path"},
      {"{\"directory\":\"a\\u0000b\"}", "option \"directory\" must be a path"},
      {"{\"stream_shards\":1001}", "option \"stream_shards\" must be a whole number from 1 to 1000"},
      {"{\"clock_ms\":-1}", "option \"clock_ms\" must be a whole number"},
      {"{\"clock_ms\":1.5}", "option \"clock_ms\" must be a whole number"},
      /* beyond 64 bits */
      {"{\"clock_ms\":18446744073709551616}", "option \"clock_ms\" must be a whole number"},
      {"{\"sync\":true,\"stream_shards\":-99999999999999999999}", "option \"stream_shards\" must be a whole number from"},
      {"{\"staleness_seed\":9223372036854775808}", "option \"staleness_seed\" must be a whole number"},
      {"{\"sync\":99999999999999999999}", "option \"sync\" must be true or false"},
      {"{\"clock_ms\":1e400}", "the options must be a JSON object: line 1, column 13: Number too big"},
      {"{\"directory\":99999999999999999999}", "option \"directory\" must be a path"},
      {"{\"colour\":99999999999999999999}", "there is no option \"colour\""},
      {"99999999999999999999", "the options must be a JSON object"},
      {"{\"clock_ms\":99999999999999999999", "the options must be a JSON object"},
      {"{\"directory\":\"/dev/null/data\"}", "/dev/null"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; ++i) {
    char* error = NULL;
    stator_database* database = stator_open(rows[i][0], NULL, NULL, &error);
    if (rows[i][1][0] == '\0') {
      CHECK(database != NULL && error == NULL);
      stator_close(database);
    } else {
      CHECK(database == NULL);
      expect_error(error, rows[i][1]);
      CHECK(stator_open(rows[i][0], NULL, NULL, NULL) == NULL);
    }
  }
}

static void answers_requests(void) {
  stator_database* database = stator_open(NULL, NULL, NULL, NULL);
  CHECK(database != NULL);
  expect(database, "CreateTable", kTable, 200, "", "\"TableStatus\"");
  expect(database, "DynamoDB_20120810.PutItem", "{\"TableName\":\"things\",\"Item\":{\"pk\":{\"S\":\"a\"}}}", 200, "",
         "{}");
  expect(database, "GetItem", "{\"TableName\":\"things\",\"Key\":{\"pk\":{\"S\":\"a\"}}}", 200, "",
         "{\"Item\":{\"pk\":{\"S\":\"a\"}}}");
  expect(
      database, "PutItem",
      "{\"TableName\":\"things\",\"Item\":{\"pk\":{\"S\":\"a\"}},\"ConditionExpression\":\"attribute_not_exists(pk)\"}",
      400, "ConditionalCheckFailedException", "The conditional request failed");
  expect(database, "GetItem", "{", 400, "SerializationException", "__type");
  expect(database, "GetItem", "", 400, "SerializationException", "__type");
  expect(database, "MakeCoffee", "{}", 400, "UnknownOperationException", "__type");
  expect(database, "", "{}", 400, "UnknownOperationException", "__type");
  expect(database, "DynamoDBStreams_20120810.ListStreams", "{}", 200, "", "Streams");
  expect(database, "ListStreams", "{}", 200, "", "Streams");
  expect(database, "DynamoDBStreams_20120810.ListTables", "{}", 400, "UnknownOperationException", "__type");
  expect(NULL, "ListTables", "{}", 500, "InternalServerError", "there is no database");

  stator_reply reply;
  CHECK(stator_call(database, NULL, NULL, NULL, 5, &reply) == 400);
  stator_reply_free(&reply);
  stator_reply_free(NULL);

  const char* const arn = "{\"TableName\":\"arn:aws:dynamodb:eu-west-1:000000000000:table/things\"}";
  CHECK(stator_call(database, "DescribeTable", "eu-west-1", arn, strlen(arn), &reply) == 200);
  stator_reply_free(&reply);
  CHECK(stator_call(database, "DescribeTable", NULL, arn, strlen(arn), &reply) == 400);
  CHECK(strstr(reply.error_message, "Invalid AWS region") != NULL);
  stator_reply_free(&reply);

  CHECK(stator_effort(database, "GetItem") == STATOR_EFFORT_ITEM);
  CHECK(stator_effort(database, "DynamoDB_20120810.Query") == STATOR_EFFORT_PAGE);
  CHECK(stator_effort(database, "CreateTable") == STATOR_EFFORT_WAITS);
  CHECK(stator_effort(NULL, "GetItem") == STATOR_EFFORT_WAITS);
  stator_close(database);
  stator_close(NULL);
}

static void refuses_what_is_too_large(void) {
  enum { kMost = 16 * 1024 * 1024 };
  stator_database* database = stator_open(NULL, NULL, NULL, NULL);
  char* request = malloc(kMost + 1);
  CHECK(request != NULL);
  memset(request, ' ', kMost + 1);
  memcpy(request, "{}", 2);
  stator_reply reply;
  CHECK(stator_call(database, "ListTables", NULL, request, kMost, &reply) == 200);
  stator_reply_free(&reply);
  CHECK(stator_call(database, "ListTables", NULL, request, kMost + 1, &reply) == 413);
  CHECK(strcmp(reply.error_type, "RequestEntityTooLargeException") == 0 && reply.error_message[0] != '\0');
  CHECK(reply.body != NULL && reply.body_bytes == 0);
  stator_reply_free(&reply);
  free(request);
  stator_close(database);
}

static void saves_and_restores(void) {
  char* error = NULL;
  stator_database* database = stator_open("{}", NULL, NULL, &error);
  expect(database, "CreateTable", kTable, 200, "", "{");
  CHECK(stator_save_snapshot(database, "one", &error) == 0 && error == NULL);
  CHECK(stator_reset(database, NULL) == 0);
  expect(database, "ListTables", "{}", 200, "", "{\"TableNames\":[]}");
  CHECK(stator_restore_snapshot(database, "one", NULL) == 0);
  expect(database, "ListTables", "{}", 200, "", "{\"TableNames\":[\"things\"]}");
  char* names = stator_snapshots(database, &error);
  CHECK(names != NULL && strcmp(names, "[\"one\"]") == 0);
  stator_free(names);
  CHECK(stator_drop_snapshot(database, "one", NULL) == 0);
  CHECK(stator_drop_snapshot(database, "one", &error) == -1);
  expect_error(error, "There is no snapshot of that name");
  CHECK(stator_save_snapshot(database, "../up", &error) == -1);
  expect_error(error, "snapshot");
  CHECK(stator_save_snapshot(database, NULL, &error) == -1);
  expect_error(error, "snapshot");
  CHECK(stator_reset(NULL, &error) == -1);
  expect_error(error, "there is no database");
  CHECK(stator_snapshots(NULL, NULL) == NULL);
  stator_close(database);
}

static void moves_its_clock(void) {
  char* error = NULL;
  stator_database* database = stator_open("{\"clock_ms\":1767225600000}", NULL, NULL, &error);
  CHECK(stator_clock(database) == INT64_C(1767225600000));
  CHECK(stator_advance_clock(database, 1000, &error) == 0);
  CHECK(stator_clock(database) == INT64_C(1767225601000));
  CHECK(stator_set_clock(database, 5, &error) == 0);
  CHECK(stator_clock(database) == 5);
  CHECK(stator_advance_clock(database, -6, &error) == -1);
  expect_error(error, "1970 to 9999");
  CHECK(stator_clock(database) == 5);
  stator_close(database);

  database = stator_open(NULL, NULL, NULL, NULL);
  CHECK(stator_clock(database) > INT64_C(1767225600000));
  CHECK(stator_set_clock(database, 5, &error) == -1);
  expect_error(error, "the machine's clock");
  CHECK(stator_clock(NULL) == -1);
  stator_close(database);
}

/* Calls PutItem and returns the status. */
static int32_t put(stator_database* database, uint32_t* hold_ms) {
  static const char request[] = "{\"TableName\":\"things\",\"Item\":{\"pk\":{\"S\":\"a\"}}}";
  stator_reply reply;
  const int32_t status = stator_call(database, "PutItem", NULL, request, sizeof request - 1, &reply);
  *hold_ms = reply.hold_ms;
  CHECK(status == reply.http_status);
  CHECK(strlen(reply.body) == reply.body_bytes && strlen(reply.error_message) < 1000);
  if (status == 0) CHECK(reply.body_bytes == 0 && reply.error_type[0] == '\0' && reply.error_message[0] == '\0');
  stator_reply_free(&reply);
  return status;
}

static void fails_by_rules(void) {
  char* error = NULL;
  uint32_t hold_ms = 0;
  stator_database* database = stator_open("{\"clock_ms\":0}", NULL, NULL, &error);
  expect(database, "CreateTable", kTable, 200, "", "{");
  CHECK(
      stator_simulate(database,
                      "{\"rules\":[{\"name\":\"slow\",\"when\":{\"region\":\"us-east-1\",\"until_s\":60},\"then\":"
                      "{\"latency_ms\":250}},{\"when\":{\"operation\":\"PutItem\",\"first\":1},\"then\":{\"cut\":"
                      "\"before\"}},{\"when\":{\"operation\":\"PutItem\",\"first\":1},\"then\":{\"cut\":\"after\"}}]}",
                      &error) == 0 &&
      error == NULL);
  CHECK(put(database, &hold_ms) == 0 && hold_ms == 250);
  expect(database, "Scan", "{\"TableName\":\"things\"}", 200, "", "\"Count\":0");
  /* A rule also counts a request that another rule ended. */
  CHECK(put(database, &hold_ms) == 200 && hold_ms == 250);
  CHECK(stator_simulate(database, "{\"rules\":[{\"when\":{},\"then\":{\"cut\":\"after\"}}", &error) == -1);
  expect_error(error, "the rules are not JSON");
  CHECK(stator_simulate(database, "{\"rules\":[{\"when\":{}}]}", &error) == -1);
  expect_error(error, "rules[0]");
  CHECK(stator_simulate(database, "{\"rules\":[{\"when\":{\"caller\":\"a\"},\"then\":{\"cut\":\"after\"}}]}", &error) ==
        -1);
  expect_error(error, "rules[0].when.caller holds for no request inside a process");
  CHECK(stator_advance_clock(database, 60000, NULL) == 0);
  CHECK(put(database, &hold_ms) == 200 && hold_ms == 0);
  char* state = stator_simulated(database, &error);
  CHECK(state != NULL && strstr(state, "{\"name\":\"slow\",\"requests\":3,\"acted\":3}") != NULL);
  stator_free(state);
  CHECK(stator_reset(database, NULL) == 0);
  expect(database, "CreateTable", kTable, 200, "", "{");
  CHECK(stator_simulate(database,
                        "{\"rules\":[{\"when\":{\"operation\":\"PutItem\"},\"then\":{\"cut\":\"after\"}},{\"when\":"
                        "{\"table\":\"things\"},\"then\":{\"throttle\":\"KeyRangeThroughputExceeded\"}}]}",
                        NULL) == 0);
  CHECK(put(database, &hold_ms) == 0 && hold_ms == 0);
  expect(database, "Scan", "{\"TableName\":\"things\"}", 400, "ThrottlingException", "KeyRangeThroughputExceeded");
  CHECK(stator_simulate(database, NULL, NULL) == 0);
  expect(database, "Scan", "{\"TableName\":\"things\"}", 200, "", "\"Count\":1");
  state = stator_simulated(database, NULL);
  CHECK(strcmp(state, "{\"seed\":1,\"rules\":[]}") == 0);
  stator_free(state);
  CHECK(stator_simulate(NULL, NULL, &error) == -1);
  expect_error(error, "there is no database");
  CHECK(stator_simulated(NULL, NULL) == NULL);
  stator_close(database);
}

static void* add_to_counter(void* database) {
  static const char request[] =
      "{\"TableName\":\"things\",\"Key\":{\"pk\":{\"S\":\"n\"}},\"UpdateExpression\":\"ADD n :one\","
      "\"ExpressionAttributeValues\":{\":one\":{\"N\":\"1\"}}}";
  for (int i = 0; i < 500; ++i) expect(database, "UpdateItem", request, 200, "", "{}");
  return NULL;
}

static void answers_many_threads(void) {
  stator_database* database = stator_open(NULL, NULL, NULL, NULL);
  expect(database, "CreateTable", kTable, 200, "", "{");
  pthread_t threads[4];
  for (int i = 0; i < 4; ++i) CHECK(pthread_create(&threads[i], NULL, add_to_counter, database) == 0);
  for (int i = 0; i < 4; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
  expect(database, "GetItem", "{\"TableName\":\"things\",\"Key\":{\"pk\":{\"S\":\"n\"}}}", 200, "", "\"2000\"");
  stator_close(database);
}

/* A forked child has none of the library's threads; it must not call the library, but must be able to end. */
static void lets_forked_children_end(void) {
  stator_database* database = stator_open(NULL, NULL, NULL, NULL);
  expect(database, "CreateTable", kTable, 200, "", "{");
  fflush(NULL);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) exit(7);
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
  expect(database, "ListTables", "{}", 200, "", "things");
  stator_close(database);
}

static void keeps_a_directory(const char* directory) {
  char options[600];
  snprintf(options, sizeof options, "{\"directory\":\"%s\",\"sync\":true}", directory);
  stator_database* database = stator_open(options, NULL, NULL, NULL);
  CHECK(database != NULL);
  expect(database, "CreateTable", kTable, 200, "", "{");
  char* error = NULL;
  CHECK(stator_open(options, NULL, NULL, &error) == NULL);
  expect_error(error, directory);
  stator_close(database);
  database = stator_open(options, NULL, NULL, NULL);
  expect(database, "ListTables", "{}", 200, "", "things");
  stator_close(database);
}

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: c_api_test DIRECTORY\n");
    return 2;
  }
  CHECK(stator_abi_version() == STATOR_ABI_VERSION);
  CHECK(strchr(stator_version(), '.') != NULL);
  refuses_wrong_options();
  answers_requests();
  refuses_what_is_too_large();
  saves_and_restores();
  moves_its_clock();
  fails_by_rules();
  answers_many_threads();
  lets_forked_children_end();
  keeps_a_directory(argv[1]);
  printf("%d checks passed\n", checks);
  return 0;
}
