// The table of combinations (docs/algorithms.md) in real labs: algorithms, codecs and flow, flat and in two levels,
// through the scenario file. Each cell trains for some rounds; the loss goes down, and the WAN carries the bytes that
// the table's formulas say.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "tests/e2e/emu.h"
#include "tests/support/run_database.h"

namespace geomx::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using std::chrono::seconds;

constexpr int kRounds = 24;
constexpr int kLocalSteps = 2;  // of hfa and diloco
constexpr double kModel = 178'762;
constexpr double kLarge = 177'920;  // of its elements, in tensors of 1000 or more
constexpr double kRatio = 0.05;

struct Cell {
  std::string sync;  // "dcasgd": mixed with it
  std::string codec;
  bool flat = false;
  std::string flow{};  // of flows()
};

constexpr double kReliable = 0.5;  // share of the blocks, of DGT

const std::map<std::string, std::string>& flows() {
  static const std::map<std::string, std::string> all{
      {"", "{}"},
      {"p3", R"({"p3": true, "p3_slice": "32KiB"})"},
      {"dgt1", R"({"dgt": {"mode": 1, "k": 0.5, "channels": 3}})"},
      {"dgt2", R"({"dgt": {"mode": 2, "k": 0.5}})"},
      {"dgt3", R"({"dgt": {"mode": 3, "k": 0.5}})"},
      {"within", R"({"tsengine": {"within_parties": true}})"},
      {"between", R"({"tsengine": {"between_parties": true}})"},
      {"tsengine", R"({"tsengine": true})"},
      {"dgt1_within", R"({"dgt": {"mode": 1, "k": 0.5}, "tsengine": {"within_parties": true}})"},
  };
  return all;
}

std::string name_of(const testing::TestParamInfo<Cell>& test) {
  return test.param.sync + "_" + test.param.codec + (test.param.flat ? "_flat" : "") +
         (test.param.flow.empty() ? "" : "_" + test.param.flow);
}

json scenario_of(const Cell& cell) {
  const bool local = cell.sync == "hfa" || cell.sync == "diloco" || cell.sync == "esync";
  json sync{{"name", cell.sync == "dcasgd" ? "mixed" : cell.sync}};
  if (cell.sync == "dcasgd") sync["dcasgd"] = true;
  if (cell.sync == "hfa") sync.update({{"k1", kLocalSteps}, {"k2", 2}});
  if (cell.sync == "diloco") sync.update({{"local_steps", kLocalSteps}});
  if (cell.sync == "esync") sync.update({{"local_steps", kLocalSteps}});
  // Parties that do not wait for each other make twice the steps.
  const double rate = cell.sync == "mixed" || cell.sync == "dcasgd" ? 0.025 : 0.05;
  json codec{{"name", cell.codec}};
  if (cell.codec == "bisparse" || cell.codec == "mpq") codec["ratio"] = kRatio;
  if (cell.codec == "2bit") codec["threshold"] = local ? 0.002 : 0.02;
  return {{"version", 1},
          {"name", "cell"},
          {"seed", 7},
          {"topology",
           {{"datacenters", {{{"name", "central"}}, {{"name", "a"}}, {{"name", "b"}}}},
            {"links",
             {{{"name", "wan-a"}, {"ends", {"central", "a"}}, {"rate", "500Mbit"}, {"delay", "3ms"}},
              {{"name", "wan-b"}, {"ends", {"central", "b"}}, {"rate", "500Mbit"}, {"delay", "3ms"}}}}}},
          {"training",
           {{"parties",
             {{{"datacenter", "central"}, {"global_servers", 1}},
              {{"datacenter", "a"}, {"workers", 2}},
              {{"datacenter", "b"}, {"workers", 1}}}},
            {"architecture", cell.flat ? "flat" : "hips"},
            {"rounds", kRounds},
            {"optimizer", {{"name", "sgd"}, {"learning_rate", rate}}},
            {"sync", sync},
            {"codec", codec},
            {"flow", json::parse(flows().at(cell.flow))}}}};
}

// Bytes of one worker's or party's exchange, headers apart: the least and the most.
struct Bytes {
  double least = 0;
  double most = 0;
};
struct Exchange {
  Bytes up;
  Bytes down;
};

Exchange exchange_of(const Cell& cell) {
  const Bytes fp32{4 * kModel, 4 * kModel};
  // A datagram in a hundred may be lost where its sender finds out how fast the road is, and deferred blocks may come
  // with the next round's. A datagram's heads are a twelfth of its floats.
  if (cell.flow.starts_with("dgt1")) return {{0.8 * 4 * kModel, 1.05 * 4 * kModel}, fp32};
  if (cell.flow == "dgt2") return {{kReliable * 4 * kModel, 4 * kModel}, fp32};
  const double four_bits = (kReliable + (1 - kReliable) / 8) * 4 * kModel;
  if (cell.flow == "dgt3") return {{0.98 * four_bits, 1.05 * four_bits}, fp32};
  // The other party's gradient comes by here on its way to the server, or the answer on its way to that party.
  if (cell.flow == "between" || cell.flow == "tsengine")
    return {{fp32.least, 2 * fp32.most}, {fp32.least, 2 * fp32.most}};
  if (cell.codec == "fp16" || cell.codec == "bf16") return {{2 * kModel, 2 * kModel}, {2 * kModel, 2 * kModel}};
  if (cell.codec == "2bit") return {{kModel / 4, kModel / 4 + 64}, fp32};
  if (cell.codec == "none") return {fp32, fp32};
  // Sparse: the small tensors whole, and of the large ones at most 8 bytes for each element that is sent. The threshold
  // is that of a sample. What comes down is of both parties, or of all that has changed since the party last pulled.
  const double small = (cell.codec == "mpq" ? 2 : 4) * (kModel - kLarge);
  const double sent = kRatio * kLarge;
  return {{small + 0.2 * 4 * sent, small + 2 * 8 * sent}, {small + 0.2 * 4 * sent, small + 4 * 8 * sent}};
}

void expect_within(const json& summary, const std::string& direction, const Bytes& bytes, double rounds,
                   double others) {
  for (const json& link : summary.at("links")) {
    if (link.at("scope") != "wan" || link.at("direction") != direction) continue;
    const double carried = link.at("bytes").get<double>();
    EXPECT_GT(carried, bytes.least * rounds) << direction;
    // Frames, messages' headers and acknowledgements; the first values; heartbeats and greetings.
    EXPECT_LT(carried, (1.12 * bytes.most + 8'000) * rounds + 0.05 * others + 4.5 * kModel + 150'000) << direction;
    return;
  }
  ADD_FAILURE() << "no WAN link " << direction;
}

class Combination : public testing::TestWithParam<Cell> {
 protected:
  void SetUp() override {
    const std::string missing = missing_for_labs(false);
    if (!missing.empty()) GTEST_SKIP() << missing;
  }
};

TEST_P(Combination, TrainsInALab) {
  const Scratch scratch;
  std::ofstream(scratch.path() / "cell.json") << scenario_of(GetParam()).dump(2);
  Invocation invocation;
  invocation.argv = {binary("geomx-emu").string(), "run", "cell.json", "--out", "out", "--quiet"};
  invocation.directory = scratch.path();
  invocation.environment = {{"GEOMX_EMU_RUNTIME_DIR", scratch.path() / "labs"}};
  Command command(invocation);
  ASSERT_EQ(command.wait(seconds(60)), 0) << command.err();
  const fs::path folder = scratch.path() / "out";
  const json summary = read_json(folder / "summary.json");
  EXPECT_EQ(summary.at("training").at("rounds"), kRounds);

  const std::vector<double> loss = query(folder, "SELECT avg(loss) FROM steps GROUP BY round ORDER BY round");
  ASSERT_EQ(loss.size(), kRounds);
  EXPECT_LT(mean(loss, kRounds - 6, kRounds), 0.97 * mean(loss, 0, 6));

  // hfa's parties exchange in every second round of theirs. Data center a has two workers.
  const double rounds = kRounds / (GetParam().sync == "hfa" && !GetParam().flat ? 2 : 1);
  Exchange exchange = exchange_of(GetParam());
  if (GetParam().flat) {
    for (Bytes* bytes : {&exchange.up, &exchange.down}) *bytes = {2 * bytes->least, 2 * bytes->most};
  }
  expect_within(summary, "a->central", exchange.up, rounds, rounds * exchange.down.most);
  expect_within(summary, "central->a", exchange.down, rounds, rounds * exchange.up.most);
}

// What the fast suite takes.
INSTANTIATE_TEST_SUITE_P(Sample, Combination,
                         testing::Values(Cell{"fsa", "none", true}, Cell{"hfa", "fp16"}, Cell{"dcasgd", "bisparse"}),
                         name_of);

INSTANTIATE_TEST_SUITE_P(FlowSample, Combination, testing::Values(Cell{"fsa", "none", false, "dgt1_within"}), name_of);

std::vector<Cell> flow_table() {
  std::vector<Cell> cells;
  for (const char* sync : {"fsa", "mixed", "dcasgd", "hfa", "esync", "diloco"}) {
    for (const char* flow : {"p3", "dgt1", "dgt2", "dgt3", "within", "between", "tsengine", "dgt1_within"}) {
      const bool at_once = std::string(sync) == "mixed" || std::string(sync) == "dcasgd";
      const bool between = std::string(flow) == "between" || std::string(flow) == "tsengine";
      if (!at_once || !between) cells.push_back({sync, "none", false, flow});
    }
  }
  cells.push_back({"fsa", "bisparse", false, "within"});
  cells.push_back({"fsa", "mpq", false, "p3"});
  for (const char* flow : {"p3", "within"}) cells.push_back({"fsa", "none", true, flow});
  return cells;
}
INSTANTIATE_TEST_SUITE_P(WholeFlow, Combination, testing::ValuesIn(flow_table()), name_of);

std::vector<Cell> table() {
  std::vector<Cell> cells;
  for (const char* sync : {"fsa", "mixed", "dcasgd", "hfa", "esync", "diloco"}) {
    for (const char* codec : {"none", "fp16", "bf16", "bisparse", "mpq", "2bit"}) cells.push_back({sync, codec});
  }
  for (const char* sync : {"fsa", "hfa", "esync", "diloco"}) {
    for (const char* codec : {"none", "fp16", "bf16", "2bit"}) cells.push_back({sync, codec, true});
  }
  return cells;
}
INSTANTIATE_TEST_SUITE_P(Whole, Combination, testing::ValuesIn(table()), name_of);

}  // namespace
}  // namespace geomx::test
