#include "trainer/loop/metrics.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/unit/trainer/data/temporary_folder.h"
#include "trainer/loop/console.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

const Tensors kNone{{}};

std::vector<nlohmann::json> lines_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

TEST(Metrics, AreJsonLines) {
  const TemporaryFolder folder;
  const double before = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  {
    Metrics metrics(folder / "metrics");
    metrics.phase("training", 469);
    metrics.step({12, 0, 0.53, 32, 2.1, 130.2, 61, 8.2, 61}, kNone);
    metrics.evaluation({469, 1, 0.83, 0.45, 10'000, 310});
    metrics.step({13, 0, std::numeric_limits<double>::quiet_NaN(), 32, 2.1, 130.2}, kNone);
    metrics.error("it \"failed\"\nhere");
    metrics.absent(7, 2);
    metrics.lost("worker 1", "b-worker-1:99", 15.5);
    metrics.returned("worker 1", "b-worker-1:140");
    metrics.evaluating(2560, 10'000);
    EXPECT_EQ(metrics.broken(), "");
  }
  auto lines = lines_of(folder / "metrics");
  ASSERT_EQ(lines.size(), 11u);  // a step tells of its round
  for (auto& line : lines) {
    EXPECT_NEAR(line.at("t").get<double>(), before, 60);
    line.erase("t");
  }
  EXPECT_EQ(lines[0], nlohmann::json::parse(R"({"type":"phase","name":"training","rounds":469})"));
  EXPECT_EQ(
      lines[1],
      nlohmann::json::parse(
          R"({"type":"step","round":12,"epoch":0,"loss":0.53,"samples":32,"compute_ms":2.1,"communicate_ms":130.2})"));
  EXPECT_EQ(
      lines[2],
      nlohmann::json::parse(
          R"({"type":"round","round":12,"gather_ms":0,"compute_ms":2.1,"push_ms":61,"wait_ms":8.2,"pull_ms":61})"));
  EXPECT_EQ(
      lines[3],
      nlohmann::json::parse(
          R"({"type":"evaluation","round":469,"epoch":1,"test_accuracy":0.83,"test_loss":0.45,"samples":10000,"evaluate_ms":310})"));
  EXPECT_TRUE(lines[4]["loss"].is_null());
  EXPECT_EQ(lines[6], nlohmann::json::parse(R"({"type":"error","message":"it \"failed\"\nhere"})"));
  EXPECT_EQ(lines[7], nlohmann::json::parse(R"({"type":"absent","round":7,"workers":2})"));
  EXPECT_EQ(lines[8], nlohmann::json::parse(
                          R"({"type":"lost","node":"worker 1","process":"b-worker-1:99","silent_seconds":15.5})"));
  EXPECT_EQ(lines[9], nlohmann::json::parse(R"({"type":"returned","node":"worker 1","process":"b-worker-1:140"})"));
  EXPECT_EQ(lines[10], nlohmann::json::parse(R"({"type":"evaluating","samples":2560,"of":10000})"));
}

TEST(Metrics, AReplicasChecksumTellsEveryBit) {
  const TemporaryFolder folder;
  Tensors parameters{{{"weight", {2}}, {"bias", {1}}}};
  const auto checksum = [&](const Tensors& of) {
    std::filesystem::remove(folder / "metrics");
    Metrics(folder / "metrics").replica(469, of);
    const auto lines = lines_of(folder / "metrics");
    EXPECT_EQ(lines.at(0).at("round"), 469);
    return lines.at(0).at("checksum").get<std::string>();
  };
  const std::string zeros = checksum(parameters);
  EXPECT_EQ(zeros, checksum(parameters));
  parameters[1][0] = -0.0F;  // equal, and not the same
  EXPECT_NE(zeros, checksum(parameters));
  parameters[1][0] = 0;
  parameters[0][1] = 1;
  const std::string one = checksum(parameters);
  parameters[0][1] = 0;
  parameters[0][0] = 1;
  EXPECT_NE(one, checksum(parameters));  // its place counts
}

TEST(Metrics, GoToInheritedDescriptorsOfAnyKind) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  {
    Metrics metrics("/dev/fd/" + std::to_string(ends[1]));
    ::close(ends[1]);
    metrics.phase("ready", 1);
  }
  char text[200] = {};
  EXPECT_GT(::read(ends[0], text, sizeof text - 1), 0);
  EXPECT_EQ(std::string(text).find("{\"type\":\"phase\",\"name\":\"ready\""), 0u);
  EXPECT_EQ(::read(ends[0], text, sizeof text), 0);  // closed with its owner
  ::close(ends[0]);
}

TEST(Metrics, SurviveAReaderThatGoesAway) {
  std::signal(SIGPIPE, SIG_IGN);  // as the program does
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  Metrics metrics("/dev/fd/" + std::to_string(ends[1]));
  ::close(ends[1]);
  metrics.phase("ready", 1);
  EXPECT_EQ(metrics.broken(), "");
  ::close(ends[0]);
  metrics.phase("training", 1);
  EXPECT_NE(metrics.broken().find("Broken pipe"), std::string::npos) << metrics.broken();
  metrics.phase("finished", 1);  // and nothing more happens
}

TEST(Metrics, NameTheFileThatCannotBeWritten) {
  try {
    Metrics metrics("/proc/none/metrics");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "metrics cannot be written to /proc/none/metrics: No such file or directory");
  }
  EXPECT_THROW(Metrics("/dev/fd/987"), Error);
}

TEST(Console, PrintsAsMuchAsAsked) {
  const auto printed = [](int verbose) {
    const TemporaryFolder folder;
    std::FILE* out = std::fopen((folder / "out").c_str(), "w");
    Console console(out, verbose);
    console.phase("training", 100);
    for (long round : {49, 50}) console.step({round, 0, 0.5, 32, 1.0, 2.0}, kNone);
    console.evaluation({100, 1, 0.8312, 0.45, 10'000});
    std::fclose(out);
    std::ifstream in(folder / "out");
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line.substr(line.find(']') + 1));
    return lines;
  };
  EXPECT_EQ(printed(0), std::vector<std::string>{});
  EXPECT_EQ(printed(1), (std::vector<std::string>{" training, 100 rounds", "[Epoch 0][Iteration 50] loss 0.5000",
                                                  "[Epoch 1][Iteration 100] test accuracy 0.8312, test loss 0.4500"}));
  EXPECT_EQ(printed(2).size(), 4u);
}

}  // namespace
}  // namespace geomx::trainer
