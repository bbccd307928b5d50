#include <ostream>

#include "cli/command.h"
#include "cli/help.h"

/// `stator man`: prints the manual page, made from the tree of commands. docs/stator.1 is its output.
namespace stator::cli {
namespace {

/// Text for troff: backslashes, dashes and leading dots escaped.
std::string roff(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      out += "\\e";
    } else if (text[i] == '-') {
      out += "\\-";
    } else if ((text[i] == '.' || text[i] == '\'') && (i == 0 || text[i - 1] == '\n')) {
      out += std::string("\\&") + text[i];
    } else {
      out += text[i];
    }
  }
  return out;
}

void write_options(const CLI::App& app, std::ostream& out) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    if (app.get_parent() != nullptr && option == app.get_help_ptr()) continue;
    std::string names;
    for (const std::string& flag : option_flags(*option)) names += (names.empty() ? "" : ", ") + flag;
    if (names.empty()) names = option->get_name(true, false);
    out << ".TP\n.B " << roff(names);
    if (takes_value(*option) && option->nonpositional()) out << " \\fI" << roff(value_name(*option)) << "\\fR";
    out << "\n" << roff(option->get_description()) << ".\n";
  }
}

void write_command(const CLI::App& app, std::ostream& out) {
  out << ".SS " << roff(full_name(app)) << (takes_prod(app) ? " [prod]" : "") << "\n"
      << roff(app.get_description()) << ".\n";
  if (!app.get_footer().empty()) out << ".br\n" << roff(app.get_footer()) << "\n";
  write_options(app, out);
  for (const CLI::App* command : shown_commands(app)) write_command(*command, out);
}

void write_page(const CLI::App& root, std::ostream& out) {
  out << ".TH STATOR 1 \"\" \"stator " STATOR_VERSION "\" \"User Commands\"\n"
      << ".SH NAME\nstator \\- " << roff(root.get_description()) << "\n"
      << ".SH SYNOPSIS\n.B stator\n[\\fIOPTIONS\\fR] \\fICOMMAND\\fR [\\fIARGUMENTS\\fR] [\\fBprod\\fR]\n"
      << ".SH DESCRIPTION\n"
      << "Commands work on a local target unless the line has the word\n"
      << ".BR prod ,\n"
      << "or an address of AWS. There, commands that write ask first.\n"
      << "The local target is the endpoint named by option or environment, else the data directory: through a\n"
      << ".B stator serve\nthat holds it, or with the engine inside the command.\n"
      << "Every access pattern of every model is a command of its own below\n.BR \"stator ddb patterns\" .\n"
      << ".SH OPTIONS\nThese go before or after a command.\n";
  write_options(root, out);
  out << ".SH COMMANDS\n";
  for (const CLI::App* command : shown_commands(root)) write_command(*command, out);
  out << ".SH EXIT STATUS\n"
      << ".TP\n.B 0\nSuccess.\n"
      << ".TP\n.B 1\nFailure; one line on standard error says why.\n"
      << ".TP\n.B 2\nThe command line was wrong.\n"
      << ".TP\n.B 141\nThe reader of standard output closed it before the end.\n"
      << ".SH ENVIRONMENT\n"
      << ".TP\n.B AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL\nThe endpoint, if no option names one.\n"
      << ".TP\n.B STATOR_DATA\nThe data directory, if no option names one.\n"
      << ".TP\n.B STATOR_MODELS\nWhere the models are, if no option says so.\n"
      << ".TP\n.B CONNECTION_URL, PROD_CONNECTION_URL\nThe PostgreSQL database, local and in production.\n"
      << ".TP\n.B AWS_PROFILE, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN\n"
      << "Credentials and region, as AWS tools read them.\n"
      << ".TP\n.B NO_COLOR\nIf set, nothing is coloured.\n";
}

}  // namespace

void add_man_command(CLI::App& root, Session& session) {
  auto* command = root.add_subcommand("man", "Print the manual page");
  command->footer("Example: stator man | man -l -");
  command->callback([&root, &session] { write_page(root, *session.out); });
}

}  // namespace stator::cli
