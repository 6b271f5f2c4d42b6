#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <optional>
#include <regex>
#include <sstream>

#include "tests/e2e/emu.h"
#include "tests/e2e/trainer_processes.h"

// The commands that README.md and docs/*.md tell their readers to type are typed, in the pages' order: each must end
// with 0. Long runs are shortened by options at their end; a command that nobody has said here how to bound fails.
namespace geomx::test {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

constexpr seconds kLongestCommand(30);

struct DocumentedCommand {
  std::string page;
  int line = 0;
  std::string text;
};

std::vector<fs::path> pages() {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(source("docs"))) {
    if (entry.path().extension() == ".md") found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  found.insert(found.begin(), source("README.md"));
  return found;
}

bool is_command(const std::string& text) {
  return text.starts_with("build/release/bin/") || text.starts_with("scenarios/");
}

// Lines that are indented by four spaces or stand in a fenced block of sh, and start with one of our programs. A line
// that ends in a backslash goes on in the next; a comment at the end is the reader's.
std::vector<DocumentedCommand> commands_of(const fs::path& page) {
  static const std::regex kComment("\\s+#.*$");
  std::vector<DocumentedCommand> commands;
  std::ifstream file(page);
  std::string fence;  // the language of the block that we are in, or empty
  int number = 0;
  bool goes_on = false;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.starts_with("```")) {
      fence = fence.empty() ? line.substr(3) + " " : "";
      continue;
    }
    const bool in_shell = fence == "sh " || fence == "bash " || fence == "shell ";
    const bool indented = fence.empty() && line.starts_with("    ");
    if (!in_shell && !indented) continue;
    line.erase(0, line.find_first_not_of(' '));
    const std::string text = std::regex_replace(line, kComment, "");
    if (goes_on) {
      commands.back().text += " " + text;
    } else if (is_command(text)) {
      commands.push_back({page.filename(), number, text});
    } else {
      continue;
    }
    std::string& whole = commands.back().text;
    goes_on = whole.ends_with("\\");
    if (goes_on) whole.pop_back();
  }
  return commands;
}

std::vector<std::string> words_of(const std::string& command) {
  std::istringstream text(command);
  std::vector<std::string> words;
  for (std::string word; text >> word;) words.push_back(word);
  return words;
}

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::optional<std::string> bounded_run(const std::string& command, const std::string& scenario) {
  if (!fs::exists(source(scenario))) return std::nullopt;
  if (read_json(source(scenario)).contains("training")) {
    return command + " --set training.rounds=3 --set 'expect=[]'";
  }
  // Those whose commands end by themselves, in some ten seconds.
  for (const char* short_one : {"scenarios/lossy-link.json", "scenarios/iperf.json", "scenarios/changing-wan.json"}) {
    if (scenario == short_one) return command;
  }
  return std::nullopt;
}

std::optional<std::string> bounded_exec(const std::string& command, const std::vector<std::string>& words) {
  const auto dashes = std::find(words.begin(), words.end(), "--");
  if (dashes == words.end() || dashes + 1 == words.end()) return std::nullopt;
  const std::string& program = *(dashes + 1);
  if (program == "ping") return contains(words, "-c") ? std::optional(command) : std::nullopt;
  for (const char* quick : {"ip", "cat", "hostname", "ss", "true"}) {
    if (program == quick) return command;
  }
  return std::nullopt;
}

// The command as it is run here: it ends by itself, soon. nullopt: nobody knows.
std::optional<std::string> bounded(const std::string& command) {
  const std::vector<std::string> words = words_of(command);
  if (words[0] == "scenarios/pseudo-distributed.sh") {
    return contains(words, "--rounds") ? command : command + " --rounds 3 --learning-rate 0.001";
  }
  if (words.size() < 2) return std::nullopt;
  if (contains(words, "--help")) return command;
  if (words[0] == "build/release/bin/geomx-node") {
    return contains(words, "--summary") ? std::optional(command) : std::nullopt;
  }
  if (words[0] == "build/release/bin/geomx-gui") {
    return contains(words, "--screenshot") ? command : command + " --screenshot editor.png";
  }
  if (words[0] != "build/release/bin/geomx-emu") return std::nullopt;
  const std::string& subcommand = words[1];
  if (subcommand == "run" && words.size() > 2) return bounded_run(command, words[2]);
  if (subcommand == "up") return contains(words, "--detach") ? std::optional(command) : std::nullopt;
  if (subcommand == "exec") return bounded_exec(command, words);
  if (subcommand == "sweep") return contains(words, "--dry-run") ? std::optional(command) : std::nullopt;
  if (subcommand == "watch") return contains(words, "--count") ? std::optional(command) : std::nullopt;
  if (subcommand == "capture") return contains(words, "--duration") ? std::optional(command) : std::nullopt;
  for (const char* quick :
       {"check", "plan", "list", "inspect", "doctor", "down", "link", "node", "apply", "generate", "convert"}) {
    if (subcommand == quick) return command;
  }
  return std::nullopt;
}

TEST(Docs, CommandsAreFoundAndBounded) {
  const fs::path page = fs::path(testing::TempDir()) / ("page-" + std::to_string(::getpid()) + ".md");
  std::ofstream(page) << "build/release/bin/geomx-emu no-block\n\n"
                         "    build/release/bin/geomx-emu doctor        # why\n"
                         "    scenarios/pseudo-distributed.sh\n"
                         "    ls scenarios/\n\n"
                         "```sh\nbuild/release/bin/geomx-emu run \\\n  scenarios/three-dc.json\n```\n"
                         "```json\nscenarios/x\n```\n";
  std::vector<std::string> found;
  for (const DocumentedCommand& command : commands_of(page)) found.push_back(command.text);
  fs::remove(page);
  ASSERT_EQ(found, (std::vector<std::string>{"build/release/bin/geomx-emu doctor", "scenarios/pseudo-distributed.sh",
                                             "build/release/bin/geomx-emu run  scenarios/three-dc.json"}));
  EXPECT_EQ(bounded(found[0]), found[0]);
  EXPECT_EQ(bounded(found[1]), found[1] + " --rounds 3 --learning-rate 0.001");
  EXPECT_EQ(bounded(found[1] + " --rounds 9"), found[1] + " --rounds 9");
  EXPECT_EQ(bounded(found[2]), found[2] + " --set training.rounds=3 --set 'expect=[]'");
  EXPECT_EQ(bounded("build/release/bin/geomx-gui a.json"),
            "build/release/bin/geomx-gui a.json --screenshot editor.png");
  EXPECT_EQ(bounded("build/release/bin/geomx-emu up scenarios/playground.json"), std::nullopt);
  EXPECT_EQ(bounded("build/release/bin/geomx-emu exec l n -- ping m"), std::nullopt);
  EXPECT_EQ(bounded("build/release/bin/geomx-emu run scenarios/none.json"), std::nullopt);
  EXPECT_EQ(bounded("build/release/bin/wire_bench --all"), std::nullopt);
}

TEST(Docs, EveryCommandWorks) {
  const std::string missing = missing_for_labs(false);
  if (!missing.empty()) GTEST_SKIP() << "SKIPPED: " << missing;
  Scratch scratch;
  fs::create_directory(scratch.path() / "build");
  fs::create_directory_symlink(binary("").parent_path().parent_path(), scratch.path() / "build/release");
  fs::create_directory_symlink(source("scenarios"), scratch.path() / "scenarios");
  int commands = 0;
  for (const fs::path& page : pages()) {
    for (const DocumentedCommand& documented : commands_of(page)) {
      SCOPED_TRACE(documented.page + ":" + std::to_string(documented.line) + ": " + documented.text);
      ++commands;
      const std::optional<std::string> text = bounded(documented.text);
      ASSERT_TRUE(text) << "nobody has said in " << __FILE__ << " how to bound this command";
      Invocation invocation;
      invocation.argv = {"bash", "-c", *text};
      invocation.directory = scratch.path();
      invocation.environment = {{"GEOMX_EMU_RUNTIME_DIR", scratch.path() / "labs"}};
      // What a script without the emulator listens on must not meet what else listens on this machine.
      if (text->starts_with("scenarios/")) {
        invocation.in_child = [] {
          if (!trainer::enter_own_network().empty()) ::_exit(125);
        };
      }
      const auto start = std::chrono::steady_clock::now();
      Command command(invocation);
      EXPECT_EQ(command.wait(kLongestCommand), 0) << command.out() << command.err();
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
      std::cout << documented.page << ":" << documented.line << " (" << took.count() << " s): " << *text << std::endl;
    }
  }
  EXPECT_GE(commands, 6);
  Command down({{binary("geomx-emu").string(), "down", "--all"},
                scratch.path(),
                {{"GEOMX_EMU_RUNTIME_DIR", scratch.path() / "labs"}}});
  EXPECT_EQ(down.wait(kLongestCommand), 0) << down.err();
}

}  // namespace
}  // namespace geomx::test
