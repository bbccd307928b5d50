#include "cli/help.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "model/text.h"

namespace stator::cli {
namespace {

class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() {
    constexpr std::size_t kColumnWidth = 32;
    column_width(kColumnWidth);
    label("Positionals", "Arguments");
    label("Subcommands", "Commands");
    label("SUBCOMMAND", "COMMAND");
  }

  [[nodiscard]] std::string make_usage(const CLI::App* app, std::string name) const override {
    (void)name;  // CLI11 passes the name of the program file
    std::string usage = CLI::Formatter::make_usage(app, " " + full_name(*app));
    if (takes_prod(*app)) usage.insert(usage.find_last_not_of('\n') + 1, " [prod]");
    return "\n" + usage.replace(0, usage.find(':') + 1, "Usage:").replace(6, 2, " ");
  }

  [[nodiscard]] std::string make_subcommands(const CLI::App* app, CLI::AppFormatMode mode) const override {
    constexpr std::string_view kHeading = "\nSubcommands:\n";
    std::string text = CLI::Formatter::make_subcommands(app, mode);
    if (text.starts_with(kHeading)) text.replace(0, kHeading.size(), "\nCommands:\n");
    return text;
  }

  [[nodiscard]] std::string make_footer(const CLI::App* app) const override {
    std::string footer = app->get_footer();
    if (!footer.empty()) footer += "\n";
    if (app->get_parent() != nullptr) footer += "Options of all commands: stator --help\n";
    return footer;
  }

  [[nodiscard]] std::string make_option_opts(const CLI::Option* option) const override {
    std::string text;
    if (option->get_type_size() != 0 && !option->get_positional()) {
      text = " " + value_name(*option);
      if (option->get_required()) text += " (required)";
    }
    return text;
  }

  [[nodiscard]] std::string make_option_desc(const CLI::Option* option) const override {
    std::string text = option->get_description();
    if (!option->get_default_str().empty()) text += " (default " + option->get_default_str() + ")";
    return text;
  }
};

}  // namespace

std::shared_ptr<CLI::FormatterBase> make_help_formatter() { return std::make_shared<HelpFormatter>(); }

namespace {

/// Wraps one line at spaces. Continuation lines are indented to the description, which follows two or more spaces, else
/// to the first word.
void wrap_line(std::string_view line, std::size_t width, std::string& out) {
  const std::size_t start = std::min(line.find_first_not_of(' '), line.size());
  std::size_t indent = start;
  if (const std::size_t gap = line.find("  ", start); start > 0 && gap != std::string_view::npos) {
    const std::size_t description = line.find_first_not_of(' ', gap);
    if (description != std::string_view::npos && description < width / 2 + 8) indent = description;
  }
  std::size_t used = 0;
  std::size_t at = 0;
  while (at < line.size()) {
    // A word with the spaces before it, which are dropped only at a line break.
    const std::size_t word = std::min(line.find_first_not_of(' ', at), line.size());
    const std::size_t end = std::min(line.find(' ', word), line.size());
    const std::size_t columns = model::code_points(line.substr(at, end - at));
    if (used + columns > width && used > indent && word < line.size()) {
      out += "\n" + std::string(indent, ' ');
      out += line.substr(word, end - word);
      used = indent + model::code_points(line.substr(word, end - word));
    } else {
      out += line.substr(at, end - at);
      used += columns;
    }
    at = end;
  }
}

}  // namespace

std::string wrap_help(const std::string& text, std::size_t width) {
  constexpr std::size_t kNarrowest = 40;
  if (width == 0) return text;
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    wrap_line(std::string_view(text).substr(at, end - at), std::max(width, kNarrowest), out);
    if (end < text.size()) out += '\n';
    at = end + 1;
  }
  return out;
}

std::vector<std::string> option_flags(const CLI::Option& option) {
  std::vector<std::string> flags;
  for (const std::string& name : option.get_lnames()) flags.push_back("--" + name);
  for (const std::string& name : option.get_snames()) flags.push_back("-" + name);
  return flags;
}

bool takes_value(const CLI::Option& option) { return option.get_type_size() > 0 && option.get_expected_min() > 0; }

std::string value_name(const CLI::Option& option) {
  const std::string name = option.get_type_name();
  return name.substr(0, name.find(':'));  // CLI11 appends the description of the check
}

bool takes_prod(const CLI::App& app) {
  if (!shown_commands(app).empty() && app.get_name() != "patterns") return false;
  if (app.get_name() == "check") return false;
  for (const CLI::App* above = &app; above != nullptr; above = above->get_parent()) {
    const bool is_family = above->get_parent() != nullptr && above->get_parent()->get_parent() == nullptr;
    if (is_family) {
      constexpr std::array<std::string_view, 8> kWithout = {"serve", "cache",  "health",     "snapshot",
                                                            "check", "repair", "completion", "man"};
      return std::find(kWithout.begin(), kWithout.end(), above->get_name()) == kWithout.end();
    }
  }
  return false;
}

std::vector<const CLI::App*> shown_commands(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* command) { return !command->get_group().empty(); });
}

std::string full_name(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name() : full_name(*app.get_parent()) + " " + app.get_name();
}

}  // namespace stator::cli
