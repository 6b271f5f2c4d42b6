#include "emulator/run/idle_rtt.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include "emulator/base/error.h"
#include "emulator/base/fd.h"
#include "emulator/run/link_report.h"

namespace geomx::run {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t kAtOnce = 16;  // more would measure the CPU
constexpr int kMostPackets = 7;
constexpr milliseconds kShortestInterval(20);
constexpr milliseconds kMargin(500);  // of patience, for a busy machine

struct Ping {
  std::string link;
  std::string node;
  std::string target;
  PingPlan plan;
  control::ProcessId process = 0;
  FileDescriptor output;
  std::string printed;
};

const lab::PlannedInterface* interface_of(const lab::Plan& plan, const lab::PlannedLink::End& end) {
  for (const lab::PlannedInterface& interface : plan.node(end.node).interfaces) {
    if (interface.name == end.interface && interface.address.value != 0) return &interface;
  }
  return nullptr;  // a switch's port
}

std::vector<Ping> planned_pings(const lab::Plan& plan, milliseconds limit) {
  std::vector<Ping> pings;
  for (const lab::PlannedLink& link : plan.links) {
    if (link.scope != lab::LinkScope::wan || !(link.forward.shaped() || link.backward.shaped())) continue;
    const lab::PlannedInterface* far = interface_of(plan, link.ends[1]);
    if (!far || !interface_of(plan, link.ends[0])) continue;
    Ping ping;
    ping.link = link.name;
    ping.node = link.ends[0].node;
    ping.target = to_string(far->address);
    ping.plan = plan_pings(link, limit);
    pings.push_back(std::move(ping));
  }
  return pings;
}

void start(control::Client& client, Ping& ping) {
  Pipe pipe = make_pipe();
  check(::fcntl(pipe.read.get(), F_SETFL, O_NONBLOCK), "make a pipe non-blocking", ping.link);
  const auto seconds = [](milliseconds duration) {
    return fmt::format("{:.3f}", std::chrono::duration<double>(duration).count());
  };
  control::ProcessSpec spec;
  spec.node = ping.node;
  spec.argv = {"ping",     "-n",
               "-c",       std::to_string(ping.plan.packets),
               "-i",       seconds(ping.plan.interval),
               "-W",       seconds(ping.plan.patience),
               ping.target};
  spec.environment = {{"LC_ALL", "C"}};
  spec.stdout_fd = pipe.write.get();
  ping.process = client.spawn(spec);
  ping.output = std::move(pipe.read);
}

// False at the end of the output.
bool read_some(Ping& ping) {
  char buffer[4096];
  while (true) {
    const ssize_t size = ::read(ping.output.get(), buffer, sizeof buffer);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return size < 0 && errno == EAGAIN;
    ping.printed.append(buffer, static_cast<std::size_t>(size));
  }
}

}  // namespace

PingPlan plan_pings(const lab::PlannedLink& link, milliseconds limit) {
  using std::chrono::ceil;
  const Nanoseconds wires = ping_serialisation(link.forward) + ping_serialisation(link.backward);
  const Nanoseconds longest =
      wires + link.forward.delay + link.backward.delay + largest_swing(link.forward) + largest_swing(link.backward);
  PingPlan plan;
  plan.interval = std::max(kShortestInterval, ceil<milliseconds>(wires + wires / 4));
  plan.patience = ceil<milliseconds>(longest * 2) + kMargin;
  // Where not even two fit into the limit, one is sent all the same.
  const auto fitting = (limit - ceil<milliseconds>(longest)) / plan.interval + 1;
  plan.packets = static_cast<int>(std::clamp<std::int64_t>(fitting, 1, kMostPackets));
  return plan;
}

std::optional<Nanoseconds> median_of_pings(std::string_view output) {
  constexpr std::string_view kMark = "time=";
  std::vector<double> values;
  for (std::size_t at = output.find(kMark); at != std::string_view::npos; at = output.find(kMark, at)) {
    at += kMark.size();
    double value = 0;
    const auto [end, error] = std::from_chars(output.data() + at, output.data() + output.size(), value);
    if (error == std::errc()) values.push_back(value);
  }
  if (values.empty()) return std::nullopt;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return Nanoseconds(std::llround(*middle * 1e6));
}

std::map<std::string, Nanoseconds> measure_idle_rtts(control::Client& client, const lab::Plan& plan,
                                                     const Interrupts& interrupts, std::chrono::milliseconds limit) {
  const Clock::time_point deadline = Clock::now() + limit;
  std::map<std::string, Nanoseconds> rtts;
  std::vector<Ping> waiting = planned_pings(plan, limit);
  std::vector<Ping> running;
  while ((!waiting.empty() || !running.empty()) && Clock::now() < deadline) {
    while (!waiting.empty() && running.size() < kAtOnce) {
      Ping ping = std::move(waiting.back());
      waiting.pop_back();
      try {
        start(client, ping);
      } catch (const Error&) {
        interrupts.check();
        return rtts;  // ping is not installed: not measured
      }
      running.push_back(std::move(ping));
    }
    std::vector<pollfd> fds;
    fds.reserve(running.size());
    for (const Ping& ping : running) fds.push_back({ping.output.get(), POLLIN, 0});
    interrupts.wait(fds, deadline - Clock::now());
    std::erase_if(running, [&](Ping& ping) {
      if (read_some(ping)) return false;
      if (const auto rtt = median_of_pings(ping.printed)) rtts[ping.link] = *rtt;
      return true;
    });
  }
  for (Ping& ping : running) {
    client.signal(ping.process, SIGKILL);
    read_some(ping);
    if (const auto rtt = median_of_pings(ping.printed)) rtts[ping.link] = *rtt;
  }
  return rtts;
}

}  // namespace geomx::run
