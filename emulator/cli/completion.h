#pragma once

#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

// Tab completion. The scripts for bash and zsh know nothing but how to ask: at each TAB they run
// `geomx-emu __complete WORD...` with the words up to the cursor, and the answer is worked out from the very command
// line parser that will read them, so it is never out of date.
namespace geomx::cli {

inline constexpr const char* kCompletionQuery = "__complete";

// Where names come from; each may return nothing.
struct KnownNames {
  std::function<std::vector<std::string>()> labs;
  std::function<std::vector<std::string>(const std::string& lab)> nodes;
  std::function<std::vector<std::string>(const std::string& lab)> links;
};
// Those of the running labs, asked with little patience. What fails has no names.
KnownNames names_of_running_labs();

struct Completion {
  std::vector<std::string> candidates;                          // sorted; each begins with the last word
  enum class Rest { none, files, commands } rest = Rest::none;  // what the shell may add of its own
};

// What may stand in place of the last of `words`, which may be empty; the program's name is not one of them.
Completion complete(const CLI::App& app, const std::vector<std::string>& words, const KnownNames& names);

// Prints the answer to a query: a line that names the rest, then a candidate per line. Never throws.
int answer_completion(const CLI::App& app, const std::vector<std::string>& words);

// Registers `completion bash|zsh`, which prints the script.
void add_completion(CLI::App& app, int& exit_code);

}  // namespace geomx::cli
