#include "emulator/cli/completion.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>

#include "emulator/control/client.h"
#include "emulator/control/runtime.h"

namespace geomx::cli {
namespace {

constexpr std::chrono::milliseconds kPatience(1500);  // nobody waits longer for a TAB

constexpr const char* kBash = R"sh(# bash completion for geomx-emu; in ~/.bashrc: source <(geomx-emu completion bash)
_geomx_emu() {
  local -a lines
  local candidate cur=${COMP_WORDS[COMP_CWORD]}
  mapfile -t lines < <("${COMP_WORDS[0]/#\~/$HOME}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  COMPREPLY=()
  for candidate in "${lines[@]:1}"; do
    COMPREPLY+=("$(printf '%q' "$candidate")")
  done
  [[ $cur == "=" ]] && cur=
  case ${lines[0]} in
    files)
      compopt -o filenames 2>/dev/null
      mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$cur")
      ;;
    commands) mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -c -- "$cur") ;;
  esac
}
complete -F _geomx_emu geomx-emu
)sh";

constexpr const char* kZsh = R"sh(#compdef geomx-emu
# zsh completion for geomx-emu; in ~/.zshrc, after compinit: source <(geomx-emu completion zsh)
_geomx_emu() {
  local -a lines candidates
  lines=("${(@f)$("${words[1]/#\~/$HOME}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  candidates=("${(@)lines[2,-1]}")
  (( ${#lines} > 1 )) && compadd -- "${(@)candidates}"
  case ${lines[1]} in
    files) _files ;;
    commands) _command_names -e ;;
  esac
  return 0
}
compdef _geomx_emu geomx-emu
)sh";

// "KIND:{auto,tc,wire}" -> auto, tc, wire.
std::vector<std::string> choices_of(const std::string& type) {
  const std::size_t begin = type.find('{');
  const std::size_t end = type.find('}', begin);
  if (begin == std::string::npos || end == std::string::npos) return {};
  return CLI::detail::split(type.substr(begin + 1, end - begin - 1), ',');
}

std::string type_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  return type.substr(0, type.find(':'));
}

bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}

// The command line up to the word that is to be completed.
class CommandLine {
 public:
  CommandLine(const CLI::App& app, std::vector<std::string> words) : app_(&app) {
    if (words.empty()) words.emplace_back();
    current_ = words.back() == "=" ? "" : words.back();  // bash takes "--shaper=w" for three words
    words.pop_back();
    for (const std::string& word : words) read(word);
  }

  Completion complete(const KnownNames& names) const {
    Completion completion;
    if (waiting_) {
      offer_value(*waiting_, names, completion);
    } else if (const std::size_t equals = current_.find('=');
               current_.starts_with("--") && equals != std::string::npos) {
      if (const CLI::Option* option = find(current_.substr(0, equals))) {
        offer_value(*option, names, completion);
        for (std::string& value : completion.candidates) value.insert(0, current_.substr(0, equals + 1));
      }
    } else if (current_.starts_with("-") && !only_positionals_) {
      offer_options(completion);
    } else if (!offer_subcommands(completion)) {
      if (const CLI::Option* option = next_positional()) offer_positional(*option, names, completion);
    }
    std::erase_if(completion.candidates, [&](const std::string& text) { return !text.starts_with(current_); });
    std::sort(completion.candidates.begin(), completion.candidates.end());
    return completion;
  }

 private:
  void read(const std::string& word) {
    if (waiting_ && word == "=") return;
    if (waiting_) {
      waiting_ = nullptr;
    } else if (word == "--") {
      only_positionals_ = true;
    } else if (word.starts_with("-") && word.size() > 1 && !only_positionals_) {
      const CLI::Option* option = find(word);
      if (option && takes_value(*option)) waiting_ = option;
    } else if (const CLI::App* subcommand = only_positionals_ ? nullptr : subcommand_called(word)) {
      app_ = subcommand;
      positionals_.clear();
    } else {
      positionals_.push_back(word);
    }
  }

  const CLI::App* subcommand_called(const std::string& name) const {
    const auto found = app_->get_subcommands([&](const CLI::App* each) { return each->check_name(name); });
    return found.empty() ? nullptr : found.front();
  }

  const CLI::Option* find(const std::string& name) const {
    for (const CLI::Option* option : app_->get_options()) {
      if (option->check_name(name)) return option;
    }
    return nullptr;
  }

  std::vector<const CLI::Option*> positionals() const {
    std::vector<const CLI::Option*> found;
    for (const CLI::Option* option : app_->get_options()) {
      if (option->get_positional()) found.push_back(option);
    }
    return found;
  }

  const CLI::Option* next_positional() const {
    const std::vector<const CLI::Option*> known = positionals();
    if (positionals_.size() < known.size()) return known[positionals_.size()];
    return !known.empty() && known.back()->get_items_expected_max() > 1 ? known.back() : nullptr;  // a list
  }

  std::string lab() const {
    const std::vector<const CLI::Option*> known = positionals();
    for (std::size_t i = 0; i < std::min(known.size(), positionals_.size()); ++i) {
      if (known[i]->get_single_name() == "LAB") return positionals_[i];
    }
    return "";
  }

  bool offer_subcommands(Completion& completion) const {
    const auto visible = app_->get_subcommands([](const CLI::App* each) { return !each->get_group().empty(); });
    for (const CLI::App* subcommand : visible) completion.candidates.push_back(subcommand->get_name());
    return !visible.empty();
  }

  void offer_options(Completion& completion) const {
    for (const CLI::Option* option : app_->get_options()) {
      for (const std::string& name : option->get_lnames()) completion.candidates.push_back("--" + name);
    }
  }

  void offer_value(const CLI::Option& option, const KnownNames& names, Completion& completion) const {
    const std::string type = type_of(option);
    completion.candidates = choices_of(option.get_type_name());
    if (type == "NODE") completion.candidates = names.nodes(lab());
    if (type == "FILE" || type == "DIR" || type == "PATH") completion.rest = Completion::Rest::files;
  }

  void offer_positional(const CLI::Option& option, const KnownNames& names, Completion& completion) const {
    const std::string name = option.get_single_name();
    completion.candidates = choices_of(option.get_type_name());
    if (!completion.candidates.empty()) return;
    if (name == "LAB") {
      completion.candidates = names.labs();
    } else if (name == "NODE" || name == "LINK" || name == "LINK|NODE") {
      if (name != "LINK") completion.candidates = names.nodes(lab());
      if (name != "NODE") {
        const std::vector<std::string> links = names.links(lab());
        completion.candidates.insert(completion.candidates.end(), links.begin(), links.end());
      }
    } else if (name == "COMMAND") {
      // The word behind the separator is the program; those behind it are its own business, files more often than not.
      const bool program = positionals_.size() < positionals().size();
      completion.rest = program ? Completion::Rest::commands : Completion::Rest::files;
    } else {
      completion.rest = Completion::Rest::files;
    }
  }

  const CLI::App* app_;
  std::string current_;
  std::vector<std::string> positionals_;  // of app_, so far
  const CLI::Option* waiting_ = nullptr;  // the option whose value comes next
  bool only_positionals_ = false;         // after "--"
};

std::vector<std::string> names_in(const std::string& lab, const char* kind) {
  std::vector<std::string> names;
  try {
    const auto plan = nlohmann::json::parse(control::Client::connect(lab).plan(kPatience));
    for (const auto& item : plan.at(kind)) names.push_back(item.at("name"));
  } catch (const std::exception&) {
    // No such lab, or it does not answer: there is nothing to offer, and no place to say so.
  }
  return names;
}

}  // namespace

KnownNames names_of_running_labs() {
  return {[] {
            std::vector<std::string> names;
            try {
              for (const control::LabEntry& lab : control::running_labs()) names.push_back(lab.name);
            } catch (const std::exception&) {
              // As above.
            }
            return names;
          },
          [](const std::string& lab) { return names_in(lab, "nodes"); },
          [](const std::string& lab) { return names_in(lab, "links"); }};
}

Completion complete(const CLI::App& app, const std::vector<std::string>& words, const KnownNames& names) {
  return CommandLine(app, words).complete(names);
}

int answer_completion(const CLI::App& app, const std::vector<std::string>& words) {
  try {
    const Completion completion = complete(app, words, names_of_running_labs());
    const char* const rests[] = {"none", "files", "commands"};  // in the order of Rest
    fmt::print("{}\n", rests[static_cast<int>(completion.rest)]);
    for (const std::string& candidate : completion.candidates) fmt::print("{}\n", candidate);
  } catch (const std::exception&) {
    return 1;
  }
  return 0;
}

void add_completion(CLI::App& app, int& exit_code) {
  const auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("completion", "Print a script that lets TAB complete commands and names");
  command->add_option("SHELL", *shell, "Which shell")->required()->check(CLI::IsMember({"bash", "zsh"}));
  command->footer(
      "Examples:\n"
      "  source <(geomx-emu completion bash)     in ~/.bashrc\n"
      "  source <(geomx-emu completion zsh)      in ~/.zshrc, after compinit");
  command->callback([shell, &exit_code] {
    fmt::print("{}", *shell == "bash" ? kBash : kZsh);
    exit_code = 0;
  });
}

}  // namespace geomx::cli
