#pragma once

#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <utility>

#include "tests/e2e/emu.h"

// A small scenario, and geomx-emu with a runtime folder of its own, once as root and once as an ordinary user.
namespace geomx::test {

inline constexpr std::chrono::seconds kPatience{30};

inline constexpr const char* kScenario = R"({
  "version": 1, "name": "play",
  "topology": {
    "datacenters": [ {"name": "central"}, {"name": "a", "hosts": 2}, {"name": "b", "hosts": 1} ],
    "links": [ {"name": "wan-a", "ends": ["central", "a"], "rate": "100Mbit", "delay": "20ms"},
               {"name": "wan-b", "ends": ["central", "b"], "rate": "50Mbit", "delay": "10ms"} ]
  }
})";

struct Result {
  int status = -1;
  std::string out;
  std::string err;
};

class Lab : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    const std::string missing = missing_for_labs(GetParam());
    if (!missing.empty()) GTEST_SKIP() << "SKIPPED: " << missing;
    std::ofstream(scratch_.path() / "play.json") << kScenario;
    emu({"down", "--all"});
  }
  void TearDown() override { emu({"down", "--all"}); }

  Invocation invocation(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), binary("geomx-emu").string());
    // A runtime folder of our own, so that tests beside this one keep their labs; and one too long for a socket's path.
    return {.argv = std::move(arguments),
            .directory = scratch_.path(),
            .environment = {{"GEOMX_EMU_RUNTIME_DIR", runtime()}},
            .unprivileged = GetParam()};
  }

  std::filesystem::path runtime() const { return scratch_.path() / std::string(100, 'r'); }
  std::filesystem::path lab_folder() const { return runtime() / "geomx-emu" / "play"; }
  // The process that removes what the lab has outside of its tree; -1: there is none. REQUIRES: root.
  pid_t reaper() const {
    namespace fs = std::filesystem;
    for (const fs::directory_entry& entry : fs::directory_iterator("/proc")) {
      if (read_file(entry.path() / "comm") != "geomx-reaper\n") continue;
      std::error_code error;
      for (const fs::directory_entry& fd : fs::directory_iterator(entry.path() / "fd", error)) {
        if (fs::read_symlink(fd, error).string().starts_with(lab_folder().string())) {
          return std::stoi(entry.path().filename());
        }
      }
    }
    return -1;
  }

  // Runs it to its end.
  static Result ended(const Invocation& invocation) {
    Command command(invocation);
    const auto status = command.wait(kPatience);
    return {status.value_or(-1), command.out(), command.err()};
  }
  Result emu(std::vector<std::string> arguments) const { return ended(invocation(std::move(arguments))); }

  Result exec(const std::string& node, std::vector<std::string> argv) const {
    argv.insert(argv.begin(), {"exec", "play", node, "--"});
    return emu(std::move(argv));
  }

  pid_t lab_pid() const {
    const auto labs = nlohmann::json::parse(emu({"list", "--json"}).out);
    return labs.empty() ? -1 : labs[0]["pid"].get<pid_t>();
  }

  void bring_up() const {
    const Result up = emu({"up", "play.json", "--detach"});
    ASSERT_EQ(up.status, 0) << up.err;
  }

  Scratch scratch_;
};

}  // namespace geomx::test
