#include <algorithm>
#include <ostream>

#include "cli/command.h"
#include "cli/help.h"

/// Completion scripts, made from the tree of commands, so that they are always up to date.
namespace stator::cli {
namespace {

/// One command with the words that may follow it.
struct Entry {
  std::string path;  // "stator ddb scan"
  const CLI::App* app;
};

void collect(const CLI::App& app, std::vector<Entry>& entries) {
  entries.push_back({full_name(app), &app});
  for (const CLI::App* command : shown_commands(app)) collect(*command, entries);
}

/// The options of a command, global ones included.
std::vector<const CLI::Option*> options_of(const CLI::App& app) {
  std::vector<const CLI::Option*> options;
  const CLI::App* root = &app;
  while (root->get_parent() != nullptr) root = root->get_parent();
  for (const CLI::App* source : {&app, root}) {
    for (const CLI::Option* option : source->get_options()) {
      const bool is_shown = !option->get_group().empty() && option->nonpositional();
      const bool is_twice = source == root && &app != root && option == root->get_help_ptr();
      if (is_shown && !is_twice) options.push_back(option);
    }
    if (&app == root) break;
  }
  return options;
}

/// Whether a table's name may follow; the script then lists the tables.
bool takes_table(const CLI::App& app) {
  const auto options = app.get_options();
  return std::any_of(options.begin(), options.end(), [](const CLI::Option* option) {
    const std::string name = option->get_positional() ? option->get_single_name() : std::string();
    return name == "TABLE" || name == "SOURCE" || name == "DESTINATION";
  });
}

/// The words that may follow: commands, options, prod.
std::string words_of(const CLI::App& app) {
  std::string words;
  const auto add = [&words](const std::string& word) { words += (words.empty() ? "" : " ") + word; };
  for (const CLI::App* command : shown_commands(app)) add(command->get_name());
  if (takes_prod(app)) add("prod");
  for (const CLI::Option* option : options_of(app)) {
    for (const std::string& flag : option_flags(*option)) add(flag);
  }
  return words;
}

std::string in_quotes(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// All flags that take a value, as a pattern for the shell's `case`.
std::string value_flags(const std::vector<Entry>& entries) {
  std::vector<std::string> flags;
  for (const Entry& entry : entries) {
    for (const CLI::Option* option : entry.app->get_options()) {
      if (!takes_value(*option)) continue;
      for (const std::string& flag : option_flags(*option)) {
        if (std::find(flags.begin(), flags.end(), flag) == flags.end()) flags.push_back(flag);
      }
    }
  }
  std::string pattern;
  for (const std::string& flag : flags) pattern += (pattern.empty() ? "" : "|") + flag;
  return pattern.empty() ? "--" : pattern;
}

/// Writes the shell code, for bash and zsh, that finds the command in the words before the cursor.
void write_walk(const std::vector<Entry>& entries, const char* words, const char* first, const char* last,
                std::ostream& out) {
  out << "  local path=stator skip=0 tables=0 i word\n  local -a target=()\n"
      << "  for ((i = " << first << "; i < " << last << "; i++)); do\n"
      << "    word=\"${" << words << "[i]}\"\n"
      << "    if ((skip)); then skip=0; continue; fi\n"
      << "    case \"$word\" in\n"
      << "      --data|--endpoint-url) target+=(\"$word\" \"${" << words << "[i+1]}\") ;;\n"
      << "      prod) target+=(prod) ;;\n"
      << "    esac\n"
      << "    case \"$word\" in\n"
      << "      " << value_flags(entries) << ") skip=1 ;;\n"
      << "      -*) ;;\n"
      << "      *)\n"
      << "        case \"$path $word\" in\n          ";
  bool is_first = true;
  for (const Entry& entry : entries) {
    if (entry.app->get_parent() == nullptr) continue;
    out << (is_first ? "" : "|") << in_quotes(entry.path);
    is_first = false;
  }
  out << ") path=\"$path $word\" ;;\n        esac ;;\n    esac\n  done\n";
}

void write_bash(const std::vector<Entry>& entries, std::ostream& out) {
  out << "# bash completion for stator: . <(stator completion bash)\n_stator() {\n"
      << "  local current=\"${COMP_WORDS[COMP_CWORD]}\" choices=\n";
  write_walk(entries, "COMP_WORDS", "1", "COMP_CWORD", out);
  out << "  if ((skip)); then\n    case \"${COMP_WORDS[COMP_CWORD-1]}\" in\n"
      << "      --output) COMPREPLY=($(compgen -W 'human json jsonl csv table python' -- \"$current\")) ;;\n"
      << "      *) COMPREPLY=($(compgen -f -- \"$current\")) ;;\n    esac\n    return\n  fi\n"
      << "  case \"$path\" in\n";
  for (const Entry& entry : entries)
    out << "    " << in_quotes(entry.path) << ") choices=" << in_quotes(words_of(*entry.app))
        << (takes_table(*entry.app) ? " tables=1" : "") << " ;;\n";
  out << "  esac\n"
      << "  if ((tables)) && [[ $current != -* ]]; then\n"
      << "    choices=\"$(command \"${COMP_WORDS[0]}\" tables \"${target[@]}\" 2>/dev/null </dev/null) $choices\"\n  "
         "fi\n"
      << "  COMPREPLY=($(compgen -W \"$choices\" -- \"$current\"))\n}\ncomplete -F _stator stator\n";
}

/// "name:description" with colons escaped, as zsh's _describe needs it.
std::string described(const std::string& name, const std::string& description) {
  std::string text;
  for (const char c : name) text += c == ':' ? std::string("\\:") : std::string(1, c);
  return in_quotes(text + ":" + description);
}

void write_zsh(const std::vector<Entry>& entries, std::ostream& out) {
  out << "#compdef stator\n# zsh completion for stator: stator completion zsh > \"${fpath[1]}/_stator\"\n_stator() {\n"
      << "  local -a choices\n";
  write_walk(entries, "words", "2", "CURRENT", out);
  out << "  if ((skip)); then\n    case \"${words[CURRENT-1]}\" in\n"
      << "      --output) compadd human json jsonl csv table python ;;\n      *) _files ;;\n    esac\n    return\n  "
         "fi\n"
      << "  case \"$path\" in\n";
  for (const Entry& entry : entries) {
    out << "    " << in_quotes(entry.path) << ") choices=(";
    for (const CLI::App* command : shown_commands(*entry.app))
      out << " " << described(command->get_name(), command->get_description());
    if (takes_prod(*entry.app)) out << " " << described("prod", "Work on production");
    for (const CLI::Option* option : options_of(*entry.app)) {
      for (const std::string& flag : option_flags(*option)) out << " " << described(flag, option->get_description());
    }
    out << " )" << (takes_table(*entry.app) ? " tables=1" : "") << " ;;\n";
  }
  out << "  esac\n"
      << "  if ((tables)) && [[ ${words[CURRENT]} != -* ]]; then\n"
      << "    choices+=(${(f)\"$(command ${words[1]} tables $target 2>/dev/null </dev/null)\"})\n  fi\n"
      << "  _describe 'stator' choices\n}\n"
      << "if [ \"$funcstack[1]\" = _stator ]; then _stator \"$@\"; else compdef _stator stator; fi\n";
}

void write_fish(const std::vector<Entry>& entries, std::ostream& out) {
  out << "# fish completion for stator: stator completion fish | source\n"
      << "function __stator_path\n  set -l path stator\n  set -l skip 0\n"
      << "  for word in (commandline -opc)[2..-1]\n    if test $skip = 1\n      set skip 0\n      continue\n    end\n"
      << "    switch $word\n      case";
  std::string flags = value_flags(entries);
  for (char& c : flags) c = c == '|' ? ' ' : c;
  out << " " << flags
      << "\n        set skip 1\n      case '-*'\n      case '*'\n        switch \"$path $word\"\n          case";
  for (const Entry& entry : entries) {
    if (entry.app->get_parent() != nullptr) out << " " << in_quotes(entry.path);
  }
  out << "\n            set path \"$path $word\"\n        end\n    end\n  end\n  echo $path\nend\n"
      << "complete -c stator -f\n";
  for (const Entry& entry : entries) {
    const std::string when = "complete -c stator -n " + in_quotes("test (__stator_path) = \"" + entry.path + "\"");
    for (const CLI::App* command : shown_commands(*entry.app))
      out << when << " -a " << in_quotes(command->get_name()) << " -d " << in_quotes(command->get_description())
          << "\n";
    if (takes_prod(*entry.app)) out << when << " -a prod -d 'Work on production'\n";
    if (takes_table(*entry.app)) out << when << " -a '(command stator tables 2>/dev/null </dev/null)' -d 'Table'\n";
    for (const CLI::Option* option : options_of(*entry.app)) {
      out << when;
      for (const std::string& name : option->get_lnames()) out << " -l " << name;
      for (const std::string& name : option->get_snames()) out << " -s " << name;
      if (takes_value(*option)) out << " -r -F";
      out << " -d " << in_quotes(option->get_description()) << "\n";
    }
  }
}

}  // namespace

void add_completion_command(CLI::App& root, Session& session) {
  auto* command = root.add_subcommand("completion", "Print a completion script for bash, zsh or fish");
  const auto shell = std::make_shared<std::string>();
  command->add_option("SHELL", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer("Example: . <(stator completion bash)");
  command->callback([shell, &root, &session] {
    std::vector<Entry> entries;
    collect(root, entries);
    if (*shell == "bash") write_bash(entries, *session.out);
    if (*shell == "zsh") write_zsh(entries, *session.out);
    if (*shell == "fish") write_fish(entries, *session.out);
  });
}

}  // namespace stator::cli
