#include <ostream>
#include <string_view>

#include "cli/command.h"

/// Completion scripts. They contain no commands: they ask the program at each TAB (completion.h), and so fit every
/// version of it.
namespace stator::cli {
namespace {

constexpr std::string_view kBash = R"(# bash completion for stator: . <(stator completion bash)
_stator() {
  local current="${COMP_WORDS[COMP_CWORD]}" word description
  COMPREPLY=()
  while IFS=$'\t' read -r word description; do
    if [[ $word == :files ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$current")
    else
      COMPREPLY+=("$word")
    fi
  done < <(command "${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null </dev/null)
}
complete -F _stator stator
)";

constexpr std::string_view kZsh = R"(#compdef stator
# zsh completion for stator: stator completion zsh > "${fpath[1]}/_stator"
_stator() {
  local -a choices
  local line files=0
  for line in "${(@f)$(command ${words[1]} __complete "${(@)words[2,CURRENT]}" 2>/dev/null </dev/null)}"; do
    if [[ $line == :files ]]; then
      files=1
    elif [[ -n $line ]]; then
      choices+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    fi
  done
  (( ${#choices} )) && _describe 'stator' choices
  (( files )) && _files
}
if [ "$funcstack[1]" = _stator ]; then _stator "$@"; else compdef _stator stator; fi
)";

constexpr std::string_view kFish = R"(# fish completion for stator: stator completion fish | source
function __stator_complete
  set -l words (commandline -opc) (commandline -ct)
  for line in (command $words[1] __complete $words[2..-1] 2>/dev/null </dev/null)
    if test "$line" = ":files"
      __fish_complete_path (commandline -ct)
    else
      printf '%s\n' $line
    end
  end
end
complete -c stator -f -a '(__stator_complete)'
)";

}  // namespace

void add_completion_command(CLI::App& root, Session& session) {
  auto* command = root.add_subcommand("completion", "Print a completion script for bash, zsh or fish");
  const auto shell = std::make_shared<std::string>();
  command->add_option("SHELL", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer("Example: . <(stator completion bash)");
  command->callback([shell, &session] { *session.out << (*shell == "bash" ? kBash : *shell == "zsh" ? kZsh : kFish); });
}

}  // namespace stator::cli
