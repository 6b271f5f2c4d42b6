#include "emulator/run/link_report.h"

#include <algorithm>
#include <chrono>

namespace geomx::run {
namespace {

using control::DirectionCounters;
using control::LinkCounters;
using std::chrono::milliseconds;

constexpr Nanoseconds kShortestBacklog = milliseconds(100);
constexpr Bytes kPingFrame{98};  // 56 bytes of data, ICMP, IP and Ethernet headers

const LinkCounters* find(const std::vector<LinkCounters>& counters, const std::string& link) {
  const auto found =
      std::find_if(counters.begin(), counters.end(), [&](const LinkCounters& entry) { return entry.link == link; });
  return found == counters.end() ? nullptr : &*found;
}

DirectionCounters direction_of(const LinkCounters* counters, bool forward) {
  if (!counters) return {};
  return forward ? counters->forward : counters->backward;
}

std::uint64_t grown(std::uint64_t from, std::uint64_t to) {
  return to > from ? to - from : 0;
}

void fill_measured(LinkReport& report, const DirectionCounters& start, const DirectionCounters& end) {
  report.packets = grown(start.packets, end.packets);
  report.bytes = grown(start.bytes, end.bytes);
  report.dropped_queue = grown(start.dropped_queue, end.dropped_queue);
  report.dropped_loss = grown(start.dropped_loss, end.dropped_loss);
  report.overruns = grown(start.overruns, end.overruns);
  const std::uint64_t busy = grown(start.busy_nanoseconds, end.busy_nanoseconds);
  if (busy >= static_cast<std::uint64_t>(kShortestBacklog.count())) {
    const double bits = 8.0 * static_cast<double>(grown(start.busy_bytes, end.busy_bytes));
    report.rate = BitsPerSecond{static_cast<std::uint64_t>(bits * 1e9 / static_cast<double>(busy))};
  }
  report.duplicated = grown(start.duplicated, end.duplicated);
  const std::uint64_t offered = report.offered();
  if (offered > 0) report.loss = static_cast<double>(report.dropped_loss) / static_cast<double>(offered);
  if (end.delay_nanoseconds >= 0 && end.packets > 0) {
    report.delay = Nanoseconds(end.delay_nanoseconds);
  } else if (report.idle_rtt) {
    // The kernel does not say how long it held a packet: the round trip's error, half to each direction.
    report.delay = std::max(Nanoseconds(0), report.asked.delay + (*report.idle_rtt - report.expected_rtt) / 2);
  }
  if (end.lateness_p99_nanoseconds >= 0) report.lateness = Nanoseconds(end.lateness_p99_nanoseconds);
}

}  // namespace

Nanoseconds ping_serialisation(const shaper::Direction& direction) {
  return direction.rate ? transmission_time(kPingFrame, *direction.rate) : Nanoseconds(0);
}

bool counts(const lab::PlannedNode& node) {
  return node.kind != scenario::NodeKind::switch_ || node.datacenter.empty() ||
         node.name != node.datacenter + "-switch";
}

bool counts(const lab::PlannedLink& link) {
  if (link.scope != lab::LinkScope::lan) return true;
  const std::string& host = link.ends[0].node;
  const std::string& lan = link.ends[1].node;
  return !(host.ends_with("-gateway") && lan == host.substr(0, host.size() - 8) + "-switch");
}

std::vector<LinkReport> report_links(const lab::Plan& plan, const std::vector<LinkCounters>& start,
                                     const std::vector<LinkCounters>& end,
                                     const std::map<std::string, Nanoseconds>& idle_rtts) {
  std::vector<LinkReport> reports;
  reports.reserve(2 * plan.links.size());
  for (const lab::PlannedLink& link : plan.links) {
    if (!counts(link)) continue;
    const LinkCounters* first = find(start, link.name);
    const LinkCounters* last = find(end, link.name);
    const auto rtt = idle_rtts.find(link.name);
    for (const bool forward : {true, false}) {
      LinkReport report;
      report.link = link.name;
      report.direction = link.label[forward ? 0 : 1] + "->" + link.label[forward ? 1 : 0];
      report.forward = forward;
      report.scope = link.scope;
      report.shaper = link.shaper;
      report.asked = forward ? link.forward : link.backward;
      report.expected_rtt = link.forward.delay + link.backward.delay + ping_serialisation(link.forward) +
                            ping_serialisation(link.backward);
      if (rtt != idle_rtts.end()) report.idle_rtt = rtt->second;
      fill_measured(report, direction_of(first, forward), direction_of(last, forward));
      reports.push_back(std::move(report));
    }
  }
  return reports;
}

std::uint64_t total_bytes(const std::vector<LinkReport>& reports, lab::LinkScope scope) {
  std::uint64_t total = 0;
  for (const LinkReport& report : reports) total += report.scope == scope ? report.bytes : 0;
  return total;
}

}  // namespace geomx::run
