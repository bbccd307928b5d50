#include <ostream>

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/table_creation.h"
#include "cli/target.h"
#include "toolkit/table_words.h"

/// stator create: creates a table described by words.
namespace stator::cli {
namespace {

struct CreateOptions {
  toolkit::TableWords words;
  bool if_not_exists = false;
};

void create(Session& session, const CreateOptions& options) {
  require_human_or_json(session);
  const toolkit::WantedTable wanted = toolkit::table_of_words(options.words);
  const CreatedTable table =
      create_table(session, wanted, options.if_not_exists, "it differs; to match this command line it would need:");
  if (session.output == OutputFormat::kJson) print_json(session, table.description_json);
  if (table.created && !session.quiet) *session.err << "created table " << wanted.name << " (" << table.place << ")\n";
}

}  // namespace

void add_create_command(CLI::App& root, Session& session) {
  CLI::App* command = root.add_subcommand("create", "Create a table, and wait until it is active");
  const auto options = std::make_shared<CreateOptions>();
  toolkit::TableWords& words = options->words;
  command->add_option("NAME", words.table, "The table's name")->required();
  add_words(*command, "KEY", words.keys, "The partition key, then the sort key if there is one: NAME or NAME:TYPE")
      ->required();
  command->add_option("--index", words.indexes, "A global secondary index that projects all attributes")
      ->type_name("NAME=KEY[,SORT]")
      ->allow_extra_args(false);
  command->add_option("--local-index", words.local_indexes, "A local secondary index that projects all attributes")
      ->type_name("NAME=SORT")
      ->allow_extra_args(false);
  command
      ->add_option("--capacity", words.capacity,
                   "Capacity units of the table and of each global index, such as 5,5 (default: on demand)")
      ->type_name("READ,WRITE");
  command->add_option("--stream", words.stream, "Enable a stream with these images")
      ->type_name("VIEW")
      ->check(CLI::IsMember({"KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"}));
  command->add_option("--ttl", words.time_to_live_attribute, "The attribute by which items expire")
      ->type_name("ATTRIBUTE");
  command->add_flag("--if-not-exists", options->if_not_exists, "Accept an existing table, and report where it differs");
  command->add_flag("-q,--quiet", session.quiet, "Print nothing on success");
  command->footer(
      "A key is NAME or NAME:TYPE, also for an index; types are S (text, the default), N and B.\n"
      "For everything else: stator api CreateTable, or a model (stator init).\n"
      "Examples: stator create shop pk sk\n"
      "          stator create orders customer id:N --index by-status=status,placed_at --ttl expires");
  command->callback([options, &session] { create(session, *options); });
}

}  // namespace stator::cli
