#pragma once

#include <gtest/gtest.h>

#include <QCoreApplication>
#include <QTest>
#include <csignal>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "tests/e2e/emu.h"

// A real lab, brought up by the real command, for tests of what the editor shows of it.
namespace geomx::test {

inline constexpr const char* kPlayScenario = R"({
  "version": 1, "name": "play",
  "topology": {
    "datacenters": [ {"name": "central"}, {"name": "a", "hosts": 1}, {"name": "b", "hosts": 1} ],
    "links": [ {"name": "wan-a", "ends": ["central", "a"], "rate": "40Mbit", "delay": "5ms"},
               {"name": "wan-b", "ends": ["central", "b"], "rate": "40Mbit", "delay": "5ms"} ]
  }
})";

inline constexpr std::chrono::seconds kLabPatience{60};  // of commands, on a machine that does other things as well

// The event loop runs meanwhile.
inline bool until(std::chrono::milliseconds patience, const std::function<bool()>& condition) {
  return QTest::qWaitFor(condition, static_cast<int>(patience.count()));
}

class LabBed : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string missing = missing_for_labs(false);
    if (!missing.empty()) GTEST_SKIP() << "SKIPPED: " << missing;
    qputenv("GEOMX_EMU_RUNTIME_DIR", QByteArray::fromStdString((scratch_.path() / "runtime").string()));
    std::ofstream(scratch_.path() / "play.json") << kPlayScenario;
  }
  void TearDown() override {
    background_.clear();
    emu({"down", "--all"});
  }

  struct Result {
    int status = -1;
    std::string out;
    std::string err;
  };
  Invocation invocation(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), binary("geomx-emu").string());
    return {.argv = std::move(arguments), .directory = scratch_.path()};
  }
  Result emu(std::vector<std::string> arguments) const {
    Command command(invocation(std::move(arguments)));
    const auto status = command.wait(kLabPatience);
    return {status.value_or(-1), command.out(), command.err()};
  }
  void bring_up() const {
    const Result up = emu({"up", "play.json", "--detach"});
    ASSERT_EQ(up.status, 0) << up.err;
  }
  // One that goes on until the test's end.
  void start(std::vector<std::string> arguments) {
    background_.push_back(std::make_unique<Command>(invocation(std::move(arguments))));
  }
  // As fast as the links let it, from a-host-0 to b-host-0 for as long as the test takes.
  void start_iperf() {
    start({"exec", "play", "b-host-0", "--", "iperf3", "-s"});
    ASSERT_TRUE(until(kLabPatience, [this] {
      return emu({"exec", "play", "b-host-0", "--", "sh", "-c", "ss -ltn | grep -q :5201"}).status == 0;
    }));
    start({"exec", "play", "a-host-0", "--", "iperf3", "-c", "b-host-0", "-t", "600"});
  }
  pid_t lab_pid() const {
    const auto labs = nlohmann::json::parse(emu({"list", "--json"}).out);
    return labs.empty() ? -1 : labs[0]["pid"].get<pid_t>();
  }
  void signal_lab(int signal) const {
    for (const ProcessInfo& process : process_tree(lab_pid_)) ::kill(process.pid, signal);
  }

  Scratch scratch_;
  std::vector<std::unique_ptr<Command>> background_;
  pid_t lab_pid_ = -1;
};

}  // namespace geomx::test
