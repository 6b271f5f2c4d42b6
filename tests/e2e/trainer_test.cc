// geomx-node as its users start it: real processes, the guide's environment, loopback.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/e2e/trainer_processes.h"
#include "tests/unit/trainer/data/idx_files.h"
#include "tests/unit/trainer/data/temporary_folder.h"
#include "tests/unit/trainer/loop/guide_roles.h"

namespace geomx::trainer {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

std::string network_failure;  // why these tests cannot run here; empty: they can

class OwnNetwork : public testing::Environment {
 public:
  void SetUp() override {
    network_failure = enter_own_network();
    // What a test's child leaves behind becomes our child, where it is seen.
    if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) network_failure = "become a subreaper";
  }
};
const auto* const environment = testing::AddGlobalTestEnvironment(new OwnNetwork);

std::string bytes_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

class Trainer : public testing::Test {
 protected:
  void SetUp() override {
    if (!network_failure.empty()) GTEST_SKIP() << "SKIPPED: no network of one's own: " << network_failure;
  }
  // Nothing is left of any test.
  void TearDown() override {
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a process was left behind";
    EXPECT_EQ(errno, ECHILD);
  }

  // 400 images, for jobs whose accuracy is of no interest: they load at once.
  std::string small_data() {
    const auto data = folder_ / "data";
    if (!std::filesystem::exists(data)) {
      std::filesystem::create_directory(data);
      write_dataset(data, 400);
    }
    return data.string();
  }

  Process node(const std::string& name, const std::vector<std::string>& options, const Environment& variables) {
    std::vector<std::string> argv{binary("geomx-node").string()};
    argv.insert(argv.end(), options.begin(), options.end());
    return {name, argv, variables, folder_ / (name + ".log")};
  }

  std::vector<std::string> worker_options(const GuideRole& role, std::vector<std::string> more = {}) {
    std::vector<std::string> options;
    if (std::ranges::find(more, "--device") == more.end()) options.emplace_back("--cpu");
    if (role.data_slice >= 0) more.insert(more.end(), {"--data-slice-idx", std::to_string(role.data_slice)});
    options.insert(options.end(), more.begin(), more.end());
    return options;
  }

  // All 12; `change` may alter one before it starts: its environment and its options.
  using Change = std::function<void(GuideRole& role, std::vector<std::string>& options)>;
  std::vector<Process> start_all(const std::vector<std::string>& options, const Change& change) {
    std::vector<Process> processes;
    for (GuideRole& role : roles_) {
      std::vector<std::string> mine;
      if (role.worker) mine = worker_options(role, options);
      change(role, mine);
      processes.push_back(node(role.name, mine, role.environment));
    }
    return processes;
  }

  // The exit status of a process that must fail with one line on its standard error.
  static void expect_one_line(const Process& process, const std::string& pattern) {
    const auto lines = process.lines("");
    std::vector<std::string> errors;
    for (const std::string& line : lines) {
      // Standard output goes to the same log: who it is, and phases.
      if (!line.starts_with("[Time") && line.find("; process ") == std::string::npos) errors.push_back(line);
    }
    ASSERT_EQ(errors.size(), 1u) << process.output();
    EXPECT_THAT(errors[0], testing::ContainsRegex("^geomx-node: .*" + pattern));
  }

  TemporaryFolder folder_;
  std::vector<GuideRole> roles_ = guide_roles(9092);
};

TEST_F(Trainer, TwelveProcessesEndWithTheSameBytesTwice) {
  std::vector<std::string> parameters;
  for (int run = 0; run < 2; ++run) {
    const auto metrics = folder_ / ("metrics-" + std::to_string(run));
    auto processes =
        start_all({"--rounds", "20", "--optimizer", "adam", "--learning-rate", "0.001", "--data-dir", small_data()},
                  [&](GuideRole& role, std::vector<std::string>& options) {
                    if (role.data_slice < 0) return;
                    const auto file = folder_ / (role.name + "-" + std::to_string(run));
                    options.insert(options.end(), {"--parameters-out", file.string()});
                    if (role.data_slice == 0) options.insert(options.end(), {"--metrics", metrics.string()});
                  });
    for (Process& process : processes) {
      EXPECT_EQ(process.wait(Clock::now() + 60s), 0) << process.name() << ": " << process.output();
    }
    for (const GuideRole& role : roles_) {
      if (role.data_slice >= 0) parameters.push_back(bytes_of(folder_ / (role.name + "-" + std::to_string(run))));
    }
    std::vector<nlohmann::json> lines;
    std::ifstream in(metrics);
    for (std::string line; std::getline(in, line);) lines.push_back(nlohmann::json::parse(line));
    const auto of_type = [&](const char* type) {
      return std::ranges::count_if(lines, [&](const auto& line) { return line["type"] == type; });
    };
    EXPECT_EQ(of_type("step"), 20);
    EXPECT_EQ(of_type("phase"), 3);
    // 400 / 4 / 32 = 3 rounds in an epoch, so after rounds 3, 6, ..., 18 and at the end.
    EXPECT_EQ(of_type("evaluation"), 7);
    EXPECT_EQ(of_type("error"), 0);
  }
  ASSERT_EQ(parameters.size(), 8u);
  EXPECT_GT(parameters[0].size(), 178'762u * 4);
  for (const std::string& other : parameters) EXPECT_TRUE(other == parameters[0]);
}

// Told to the workers alone, as in the original's examples, or to one of them.
TEST_F(Trainer, EveryAlgorithmTrains) {
  struct Case {
    std::string name;
    std::vector<std::string> options;
    bool same = true;          // all replicas, at the end
    std::size_t samples = 32;  // of a round; 0: as the state server says
    bool told_to_one = false;
  };
  const std::vector<Case> cases{
      {.name = "mixed", .options = {"--mixed-sync"}, .same = false},
      {.name = "dcasgd", .options = {"--mixed-sync", "--dcasgd", "--optimizer", "sgd"}, .same = false},
      {.name = "bisparse", .options = {"--bisparse-compression-ratio", "0.05"}},
      {.name = "hfa",
       .options = {"--set", "GEOMX_SYNC=hfa", "--set", "MXNET_KVSTORE_HFA_K1=3", "--set", "MXNET_KVSTORE_HFA_K2=2"},
       .samples = 96},
      {.name = "diloco", .options = {"--set", "GEOMX_SYNC=diloco", "--set", "GEOMX_DILOCO_STEPS=2"}, .samples = 64},
      {.name = "esync", .options = {"--set", "GEOMX_SYNC=esync"}, .samples = 0},
      {.name = "mpq", .options = {"--set", "GEOMX_CODEC=mpq"}, .told_to_one = true},
  };
  for (const Case& c : cases) {
    const auto metrics = folder_ / ("metrics-" + c.name);
    auto processes =
        start_all({"--rounds", "6", "--learning-rate", "0.001", "--data-dir", small_data()},
                  [&](GuideRole& role, std::vector<std::string>& options) {
                    if (!role.worker) return;
                    if (!c.told_to_one || role.data_slice == 2) {
                      options.insert(options.end(), c.options.begin(), c.options.end());
                    }
                    if (role.data_slice < 0) return;
                    options.insert(options.end(), {"--parameters-out", (folder_ / (c.name + role.name)).string()});
                    if (role.data_slice == 0) options.insert(options.end(), {"--metrics", metrics.string()});
                  });
    for (Process& process : processes) {
      EXPECT_EQ(process.wait(Clock::now() + 60s), 0) << c.name << ", " << process.name() << ": " << process.output();
    }
    std::vector<std::string> parameters;
    for (const GuideRole& role : roles_) {
      if (role.data_slice >= 0) parameters.push_back(bytes_of(folder_ / (c.name + role.name)));
    }
    ASSERT_EQ(parameters.size(), 4u);
    EXPECT_GT(parameters[0].size(), 178'762u * 4) << c.name;
    for (const std::string& other : parameters) EXPECT_TRUE(!c.same || other == parameters[0]) << c.name;
    std::size_t rounds = 0;
    std::ifstream in(metrics);
    for (std::string line; std::getline(in, line);) {
      const auto json = nlohmann::json::parse(line);
      if (json["type"] != "step") continue;
      EXPECT_EQ(json["round"], ++rounds) << c.name;
      if (c.samples > 0) {
        EXPECT_EQ(json["samples"], c.samples) << c.name;
      }
    }
    EXPECT_EQ(rounds, 6u) << c.name;
  }
}

TEST_F(Trainer, PseudoDistributedScriptTrains) {
  Process script("script",
                 {source("scenarios/pseudo-distributed.sh").string(), "--base-port", "9300", "--out",
                  (folder_ / "logs").string(), "--rounds", "20", "--learning-rate", "0.001"},
                 {{"GEOMX_NODE", binary("geomx-node").string()}}, folder_ / "script.log");
  EXPECT_EQ(script.wait(Clock::now() + 90s), 0) << script.output();
  const auto accuracy = script.lines("test accuracy");
  ASSERT_EQ(accuracy.size(), 1u) << script.output();
  // 20 rounds do not teach much, but more than guessing (0.10).
  EXPECT_GT(std::stod(accuracy[0].substr(accuracy[0].find("accuracy ") + 9)), 0.3);
  int logs = 0;
  for (const auto& log : std::filesystem::directory_iterator(folder_ / "logs"))
    logs += log.path().extension() == ".log" ? 1 : 0;
  EXPECT_EQ(logs, 12);
}

TEST_F(Trainer, PseudoDistributedScriptFailsAndLeavesNothing) {
  const auto start = Clock::now();
  Process script("script",
                 {source("scenarios/pseudo-distributed.sh").string(), "--base-port", "9300", "--out",
                  (folder_ / "logs").string(), "--rounds", "5", "--data-dir", (folder_ / "nowhere").string()},
                 {{"GEOMX_NODE", binary("geomx-node").string()}}, folder_ / "script.log");
  EXPECT_EQ(script.wait(start + 30s), 1) << script.output();
  EXPECT_LT(Clock::now() - start, 15s);
  EXPECT_THAT(script.output(),
              testing::ContainsRegex("pseudo-distributed: [ab]-worker-[01] failed with status 1: "
                                     "geomx-node: data set fashion-mnist: no train-images-idx3-ubyte"));
}

// What a user's shell has set for other purposes does not reach the processes.
TEST_F(Trainer, PseudoDistributedScriptIgnoresStrayVariables) {
  Process script("script",
                 {source("scenarios/pseudo-distributed.sh").string(), "--base-port", "9300", "--out",
                  (folder_ / "logs").string(), "--rounds", "2", "--data-dir", small_data()},
                 {{"GEOMX_NODE", binary("geomx-node").string()},
                  {"PORT", "8080"},
                  {"DMLC_ROLE_GLOBAL", "global_server"},
                  {"DMLC_NODE_HOST", "203.0.113.9"}},
                 folder_ / "script.log");
  EXPECT_EQ(script.wait(Clock::now() + 60s), 0) << script.output();
}

// Each of these ends in one line and a non-zero status within 15 s.
class TrainerFails : public Trainer {
 protected:
  void expect_failure(Process process, int status, const std::string& pattern) {
    const auto start = Clock::now();
    EXPECT_EQ(process.wait(start + 15s), status) << process.output();
    expect_one_line(process, pattern);
  }
  const GuideRole& role(const std::string& name) {
    return *std::ranges::find_if(roles_, [&](const GuideRole& role) { return role.name == name; });
  }
  Process worker(const std::vector<std::string>& more) {
    return node("worker", worker_options(role("a-worker-0"), more), role("a-worker-0").environment);
  }
};

TEST_F(TrainerFails, WithoutAScheduler) {
  expect_failure(worker({"--data-dir", small_data()}), 1, "127\\.0\\.0\\.1:9094.*DMLC_PS_ROOT");
}

TEST_F(TrainerFails, OnBadData) {
  expect_failure(worker({"--data-dir", "/proc/none"}), 1,
                 "no train-images-idx3-ubyte .* in /proc/none .*bootstrap data");
  const auto data = std::filesystem::path(small_data());
  std::filesystem::resize_file(data / "train-images-idx3-ubyte", 1024);
  expect_failure(worker({"--data-dir", data.string()}), 1,
                 "train-images-idx3-ubyte: 313616 bytes wanted, 1024 found: the file is truncated");
}

TEST_F(TrainerFails, OnBadUsage) {
  expect_failure(worker({"--batch-size", "0"}), 2, "--batch-size");
  expect_failure(worker({"--bach-size", "8"}), 2, "--bach-size");
  expect_failure(worker({"--rounds", "5", "--epoch", "1"}), 2, "--epoch");
  expect_failure(worker({"--device", "tpu"}), 2, "--device tpu is not known");
  expect_failure(worker({"--device", "cuda:99"}), 1, "--device cuda:99: there is no");  // driver, or such card
  expect_failure(worker({"--bisparse-compression-ratio", "7"}), 2,
                 "GEOMX_BISPARSE_RATIO=7: a number from 1e-06 to 1 is wanted");
  expect_failure(worker({"--mixed-sync", "--set", "GEOMX_SYNC=fsa"}), 2,
                 "GEOMX_SYNC is to be fsa, but it is mixed already");
  expect_failure(worker({"--set", "GEOMX_COLOUR=red"}), 2, "GEOMX_COLOUR is no setting of a job");
  expect_failure(node("worker", {"--data-dir", small_data(), "--data-slice-idx", "4"}, role("a-worker-0").environment),
                 1, "data slice 4 does not exist");
  expect_failure(worker({"--metrics", "/proc/none/m"}), 1, "metrics cannot be written to /proc/none/m");
  expect_failure(node("server", {"--batch-size", "8"}, role("a-server").environment), 2,
                 "--batch-size is for workers.*party server");
}

TEST_F(TrainerFails, OnABadEnvironment) {
  Environment variables = role("a-worker-0").environment;
  variables.erase("DMLC_PS_ROOT_PORT");
  expect_failure(node("worker", {"--data-slice-idx", "0"}, variables), 2, "DMLC_PS_ROOT_PORT");
  variables["DMLC_PS_ROOT_PORT"] = "99999";
  expect_failure(node("worker", {"--data-slice-idx", "0"}, variables), 2, "DMLC_PS_ROOT_PORT.*99999");

  Process bare = node("bare", {}, {});
  EXPECT_EQ(bare.wait(Clock::now() + 15s), 2);
  EXPECT_THAT(bare.output(), testing::StartsWith("geomx-node: neither DMLC_ROLE nor DMLC_ROLE_GLOBAL is set\n"));
  EXPECT_THAT(bare.output(), testing::HasSubstr("scenarios/pseudo-distributed.sh"));
}

TEST_F(TrainerFails, WhenThePortIsInUse) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;  // connections of an earlier test may linger in TIME_WAIT
  ASSERT_EQ(::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes), 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(9094);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(fd, 1), 0);
  expect_failure(node("scheduler", {}, role("a-scheduler").environment), 1, "9094.*in use");
  ::close(fd);
}

// One wrong node ends the whole job: all 12 fail, none hangs. (All but the master worker, where it has done its part
// before.)
class JobFails : public Trainer {
 protected:
  void expect_all_end(const Change& change, const std::string& culprit, const std::string& pattern,
                      bool begins = false) {
    const auto start = Clock::now();
    auto processes = start_all({"--rounds", "1000", "--data-dir", small_data()}, change);
    std::string everything;
    for (Process& process : processes) {
      const auto status = process.wait(start + 20s);
      ASSERT_TRUE(status) << process.name() << " hangs: " << process.output();
      if (!begins || process.name() != "master") {
        EXPECT_NE(status, 0) << process.name() << ": " << process.output();
      }
      everything += process.name() + ": " + process.output();
      if (process.name() == culprit) {
        EXPECT_THAT(process.output(), testing::ContainsRegex(pattern));
      }
    }
    EXPECT_LT(Clock::now() - start, 15s) << everything;
  }
};

TEST_F(JobFails, OnAWrongCount) {
  expect_all_end(
      [](GuideRole& role, auto&) {
        if (role.name == "a-worker-1") role.environment["DMLC_NUM_WORKER"] = "3";
      },
      "a-worker-1", "geomx-node: .*DMLC_NUM_WORKER.*3");
}

TEST_F(JobFails, OnAnUnreadableDataSet) {
  const auto broken = folder_ / "broken";
  std::filesystem::create_directory(broken);
  write_dataset(broken, 400);
  std::filesystem::resize_file(broken / "train-images-idx3-ubyte", 5000);
  expect_all_end(
      [&](GuideRole& role, std::vector<std::string>& options) {
        if (role.name == "b-worker-0") *(std::ranges::find(options, "--data-dir") + 1) = broken.string();
      },
      "b-worker-0", "5000 found: the file is truncated");
}

TEST_F(JobFails, WhenTheMasterHasNoSliceAndTheCentralPartyTrains) {
  roles_ = guide_roles(9092, true);
  expect_all_end(
      [](GuideRole& role, std::vector<std::string>& options) {
        const auto slice = std::ranges::find(options, "--data-slice-idx");
        if (role.name == "master") options.erase(slice, slice + 2);
      },
      "master", "geomx-node: .*worker 0 .* has no data slice, but every worker of its party trains");
}

TEST_F(JobFails, WhenOneWorkerWouldEndEarly) {
  expect_all_end(
      [](GuideRole& role, std::vector<std::string>& options) {
        if (role.name == "b-worker-1") *(std::ranges::find(options, "--rounds") + 1) = "3";
      },
      "b-worker-1", "geomx-node: .* would train for 3 rounds, and worker 0 .* for 1000");
}

TEST_F(JobFails, WhenTheTrainingDiverges) {
  expect_all_end(
      [](GuideRole& role, std::vector<std::string>& options) {
        if (role.worker) options.insert(options.end(), {"--optimizer", "sgd", "--learning-rate", "1e30"});
      },
      "a-server", "geomx-node: .*worker [01] .* has sent a gradient of tensor .* for round .* that is not finite",
      true);
}

// The others are told, and do not wait for the silence of one who has gone.
TEST_F(Trainer, SigtermOfAnyNodeEndsTheJobAtOnce) {
  for (const char* name : {"a-worker-0", "a-server", "global-server", "a-scheduler", "global-scheduler"}) {
    auto processes = start_all({"--rounds", "100000", "--data-dir", small_data()}, [](GuideRole&, auto&) {});
    const auto find = [&](const std::string& wanted) -> Process& {
      return *std::ranges::find_if(processes, [&](const Process& process) { return process.name() == wanted; });
    };
    const auto start = Clock::now();
    Process& last = find("b-worker-1");
    while (last.lines("] training").empty() && Clock::now() < start + 30s) last.wait(Clock::now() + 5ms);
    ASSERT_FALSE(last.lines("] training").empty()) << last.output();
    find(name).signal(SIGTERM);
    const auto sent = Clock::now();
    for (Process& process : processes) {
      // The master has left in good order long ago.
      const int expected = process.name() == name ? 128 + SIGTERM : process.name() == "master" ? 0 : 1;
      EXPECT_EQ(process.wait(sent + 20s), expected) << name << ", " << process.name() << ": " << process.output();
      if (expected == 1) {
        EXPECT_THAT(process.output(), testing::HasSubstr("ended by SIGTERM")) << process.name();
      }
    }
    EXPECT_LT(Clock::now() - sent, 5s) << name;
    expect_one_line(find(name), "ended by SIGTERM");
  }
}

// PS_VERBOSE=2 on those who do not train.
TEST_F(Trainer, DetailsAreToldByAllNodes) {
  auto processes = start_all({"--rounds", "3", "--data-dir", small_data()},
                             [](GuideRole& role, auto&) { role.environment["PS_VERBOSE"] = "2"; });
  for (Process& process : processes) EXPECT_EQ(process.wait(Clock::now() + 60s), 0) << process.output();
  const auto output = [&](const std::string& name) {
    return std::ranges::find_if(processes, [&](const Process& p) { return p.name() == name; })->output();
  };
  EXPECT_THAT(output("a-scheduler"), testing::HasSubstr("has registered: 1 of 1 servers, "));
  EXPECT_THAT(output("a-scheduler"), testing::HasSubstr("complete: server 0 ("));
  EXPECT_THAT(output("a-scheduler"), testing::HasSubstr(" has left; 0 stay"));
  for (const char* name : {"a-server", "global-server"}) {
    EXPECT_THAT(output(name), testing::HasSubstr("joined the "));
    EXPECT_THAT(output(name), testing::HasSubstr("round 3 is summed"));
    EXPECT_THAT(output(name), testing::HasSubstr(" has left"));
    EXPECT_THAT(output(name), testing::ContainsRegex("plane: sent [0-9]+ messages, [0-9]+ bytes; received "));
  }
}

TEST_F(Trainer, SigtermEndsPromptlyEvenWhileWaiting) {
  for (const char* name : {"a-worker-0", "a-server", "a-scheduler"}) {
    const auto& role = *std::ranges::find_if(roles_, [&](const GuideRole& r) { return r.name == name; });
    std::vector<std::string> options;
    if (role.worker) options = worker_options(role, {"--data-dir", small_data()});
    Process process = node(role.name, options, role.environment);
    // It has said who it is, so its handlers stand.
    const auto start = Clock::now();
    while (process.lines("; process ").empty() && Clock::now() < start + 10s) process.wait(Clock::now() + 5ms);
    process.signal(SIGTERM);
    const auto sent = Clock::now();
    EXPECT_EQ(process.wait(sent + 10s), 128 + SIGTERM) << process.output();
    EXPECT_LT(Clock::now() - sent, 1s);
  }
}

}  // namespace
}  // namespace geomx::trainer
