// A lab of 30 nodes that never comes to rest: traffic on every link, a random change every 200 ms, nodes that are
// killed and come back. At its end nothing has been lost track of. GEOMX_SOAK_SECONDS: how long (8 by default).

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "emulator/base/error.h"
#include "emulator/control/client.h"
#include "tests/e2e/emu.h"

namespace geomx::test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr int kDatacenters = 5;
constexpr int kHosts = 4;  // each, beside a gateway and a switch
constexpr auto kBetweenChanges = 200ms;

std::string datacenter(int number) {
  return std::string(1, static_cast<char>('a' + number));
}

nlohmann::json ring() {
  nlohmann::json datacenters = nlohmann::json::array();
  nlohmann::json links = nlohmann::json::array();
  for (int i = 0; i < kDatacenters; ++i) {
    datacenters.push_back({{"name", datacenter(i)}, {"hosts", kHosts}});
    links.push_back({{"name", "wan-" + datacenter(i)},
                     {"ends", {datacenter(i), datacenter((i + 1) % kDatacenters)}},
                     {"rate", "20Mbit"},
                     {"delay", "5ms"}});
  }
  return {{"version", 1}, {"name", "soak"}, {"topology", {{"datacenters", datacenters}, {"links", links}}}};
}

// What a process holds that could leak.
struct Holdings {
  std::size_t descriptors = 0;
  std::size_t threads = 0;
  std::size_t processes = 0;  // of its tree
  long resident_kib = 0;
};

std::size_t entries(const std::string& folder) {
  const auto all = std::filesystem::directory_iterator(folder);
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

Holdings holdings_of(pid_t lab, pid_t init) {
  const std::string proc = "/proc/" + std::to_string(lab);
  Holdings found{entries(proc + "/fd"), entries(proc + "/task"), process_tree(init).size(), 0};
  std::ifstream status(proc + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) found.resident_kib = std::stol(line.substr(6));
  }
  return found;
}

std::uint64_t handled(const control::DirectionCounters& counters) {
  return counters.packets + counters.dropped_queue + counters.dropped_loss + counters.overruns + counters.undelivered;
}

class Soak : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string missing = missing_for_labs(false);
    if (!missing.empty()) GTEST_SKIP() << "SKIPPED: " << missing;
    std::ofstream(scratch_.path() / "soak.json") << ring();
    emu({"up", "soak.json", "--detach"});
    ::setenv("GEOMX_EMU_RUNTIME_DIR", labs().c_str(), 1);
    client_.emplace(control::Client::connect("soak"));
    Command list({{binary("geomx-emu").string(), "list", "--json"}, scratch_.path(), environment()});
    ASSERT_EQ(list.wait(30s), 0);
    init_ = nlohmann::json::parse(list.out())[0]["pid"];
    for (const ProcessInfo& process : process_tree(init_)) {
      if (process.parent == init_) lab_ = process.pid;
    }
    ASSERT_GT(lab_, 0);
  }
  void TearDown() override {
    client_.reset();
    ::unsetenv("GEOMX_EMU_RUNTIME_DIR");
    emu({"down", "--all"});
  }

  std::string labs() const { return scratch_.path() / "labs"; }
  std::map<std::string, std::string> environment() const { return {{"GEOMX_EMU_RUNTIME_DIR", labs()}}; }
  void emu(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), binary("geomx-emu").string());
    Command command({arguments, scratch_.path(), environment()});
    ASSERT_EQ(command.wait(60s), 0) << command.err();
  }

  // One that pings a host of every data center; gone with its node.
  void start_traffic(const std::string& node) {
    std::string script;
    for (int i = 0; i < kDatacenters; ++i) {
      script += "ping -i 0.05 -s 1000 -q " + datacenter(i) + "-host-" + node.back() + " & ";
    }
    control::ProcessSpec spec;
    spec.node = node;
    spec.argv = {"sh", "-c", script + "wait"};
    traffic_[client_->spawn(spec)] = node;
  }

  std::size_t pick(std::size_t count) { return random_() % count; }

  void change_something() {
    const std::string wan = "wan-" + datacenter(static_cast<int>(pick(kDatacenters)));
    const std::string node = hosts_[pick(hosts_.size())];
    switch (pick(8)) {
      case 0:
        return set(wan, "rate=" + std::to_string(1 + pick(40)) + "Mbit");
      case 1:
        return set(wan, "delay=" + std::to_string(1 + pick(20)) + "ms");
      case 2:
        return set(wan, "loss=" + std::to_string(pick(5)) + "%");
      case 3:
        return toggle_link(pick(2) == 0 ? wan : node + "--" + node.substr(0, 1) + "-switch");
      case 4:
        if (killed_.contains(node)) return revive(node);
        killed_.insert(node);
        paused_.erase(node);
        return client_->act_on_node(node, "kill");
      case 5:
        return revive(node);  // of one that runs, too: a restart
      case 6:
        if (killed_.contains(node)) return;
        client_->act_on_node(node, paused_.contains(node) ? "resume" : "pause");
        if (paused_.erase(node) == 0) paused_.insert(node);
        return;
      default: {
        nlohmann::json next = ring();
        for (auto& datacenter : next["topology"]["datacenters"]) datacenter["hosts"] = kHosts + pick(2);
        client_->apply(next.dump(), false);
      }
    }
  }

  void set(const std::string& link, const std::string& assignment) {
    client_->change_link({.link = link, .assignments = {assignment}});
  }
  void toggle_link(const std::string& link) {
    const bool up = down_.erase(link) > 0;
    if (!up) down_.insert(link);
    client_->change_link({.link = link, .up = up});
  }
  void revive(const std::string& node) {
    client_->act_on_node(node, "restart");
    killed_.erase(node);
    paused_.erase(node);
    start_traffic(node);
  }

  // Totals never go back, whatever happens to the link.
  void check_counters(std::map<std::string, std::uint64_t>& before) {
    for (const control::LinkCounters& link : client_->counters()) {
      for (const bool forward : {true, false}) {
        std::uint64_t& last = before[link.link + (forward ? ">" : "<")];
        const std::uint64_t now = handled(forward ? link.forward : link.backward);
        // A link that came with an apply and went with one begins anew.
        const bool lasting = link.link.starts_with("wan-");
        EXPECT_TRUE(!lasting || now >= last) << link.link << " fell from " << last << " to " << now;
        last = now;
      }
    }
  }

  Scratch scratch_;
  std::optional<control::Client> client_;
  pid_t init_ = -1;
  pid_t lab_ = -1;
  std::mt19937_64 random_{20240607};
  std::vector<std::string> hosts_;
  std::set<std::string> killed_;
  std::set<std::string> paused_;
  std::set<std::string> down_;
  std::map<control::ProcessId, std::string> traffic_;
};

TEST_F(Soak, NothingIsLostTrackOf) {
  const char* given = std::getenv("GEOMX_SOAK_SECONDS");
  const auto time = std::chrono::seconds(given ? std::stol(given) : 8);
  for (int i = 0; i < kDatacenters; ++i) {
    for (int h = 0; h < kHosts; ++h) hosts_.push_back(datacenter(i) + "-host-" + std::to_string(h));
  }
  // Once through all that is made when it is first asked for and kept: what takes the hosts' links down, what looks.
  for (const char* assignment : {"loss=1%", "loss=none"}) set("wan-a", assignment);
  for (const std::string& host : hosts_) {
    for (const char* action : {"kill", "restart"}) client_->act_on_node(host, action);
  }
  client_->inspect();
  client_->fidelity(true);
  const Holdings before = holdings_of(lab_, init_);
  for (const std::string& host : hosts_) start_traffic(host);
  std::map<std::string, std::uint64_t> counters;
  int changes = 0;
  const auto start = Clock::now();
  for (auto next = start; next < start + time; next += kBetweenChanges) {
    std::this_thread::sleep_until(next);  // the pace of the test itself
    ASSERT_NO_THROW(change_something()) << "change " << changes;
    ++changes;
    check_counters(counters);
    while (const auto exit = client_->next_exit(0ms)) traffic_.erase(exit->process);
  }
  std::cout << changes << " changes in " << time.count() << " s\n";

  for (const std::string& link : std::set<std::string>(down_)) toggle_link(link);
  for (const std::string& node : hosts_) {
    if (killed_.contains(node) || paused_.contains(node)) revive(node);
  }
  client_->apply(ring().dump(), false);
  for (const auto& [process, node] : traffic_) client_->signal(process, SIGKILL);
  EXPECT_TRUE(eventually(30s, [&] { return process_tree(init_).size() == before.processes; }))
      << process_tree(init_).size() << " processes instead of " << before.processes;
  while (const auto exit = client_->next_exit(100ms)) traffic_.erase(exit->process);
  EXPECT_TRUE(traffic_.empty()) << "ends of processes that nobody was told of";

  // Every host reaches every data center's first host again.
  for (const std::string& from : {hosts_.front(), hosts_.back()}) {
    for (int i = 0; i < kDatacenters; ++i) {
      Command ping({{binary("geomx-emu").string(), "exec", "soak", from, "--", "ping", "-c", "5", "-i", "0.2", "-W",
                     "2", datacenter(i) + "-host-0"},
                    scratch_.path(),
                    environment()});
      EXPECT_EQ(ping.wait(30s), 0) << from << ": " << ping.out();
    }
  }
  const auto inspection = nlohmann::json::parse(client_->inspect());
  EXPECT_TRUE(inspection["as_planned"].get<bool>()) << inspection["nodes"];
  for (const control::LinkCounters& link : client_->counters()) {
    EXPECT_EQ(link.forward.backlog_bytes + link.backward.backlog_bytes, 0u) << link.link;
  }
  Holdings after{};
  eventually(10s, [&] { return (after = holdings_of(lab_, init_)).descriptors <= before.descriptors; });
  EXPECT_EQ(after.descriptors, before.descriptors);
  EXPECT_EQ(after.threads, before.threads);
  EXPECT_LT(after.resident_kib, before.resident_kib + 32 * 1024);
  std::cout << "resident " << before.resident_kib << " -> " << after.resident_kib << " KiB\n";
}

}  // namespace
}  // namespace geomx::test
