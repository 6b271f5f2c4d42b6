#include "emulator/run/fault_record.h"

#include <fmt/format.h>

#include <algorithm>

namespace geomx::run {
namespace {

constexpr std::size_t kMostOutages = 12;  // in the closing table

std::string count(std::int64_t number, const char* what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

}  // namespace

std::string host_of(const Presence& presence) {
  return presence.process.substr(0, presence.process.rfind(':'));
}

std::string describe(const Presence& presence, const std::string& reporter) {
  const std::string place = fmt::format("{} of {}'s plane", presence.node, reporter);
  return presence.lost ? fmt::format("silent for {:.1f} s ({})", presence.silent_seconds, place) : place;
}

void FaultRecord::add(const std::string& reporter, const Presence& presence) {
  told_[reporter].push_back({host_of(presence), presence.lost, presence.time});
}

void FaultRecord::add(const std::string& party, const Absence& absence) {
  std::int64_t& workers = absent_[{party, absence.round}];
  workers = std::max(workers, absence.workers);
}

FaultSummary FaultRecord::summary() const {
  // By host, as the reporter has it that has told of most.
  std::map<std::string, std::vector<Told>> hosts;
  for (const auto& [reporter, all] : told_) {
    std::map<std::string, std::vector<Told>> mine;
    for (const Told& told : all) mine[told.host].push_back(told);
    for (auto& [host, events] : mine) {
      if (events.size() > hosts[host].size()) hosts[host] = std::move(events);
    }
  }
  FaultSummary summary;
  for (const auto& [host, events] : hosts) {
    for (const Told& told : events) {
      ++(told.lost ? summary.lost : summary.returned);
      const bool ends_one = !told.lost && !summary.outages.empty() && summary.outages.back().host == host &&
                            !summary.outages.back().returned;
      if (!ends_one) summary.outages.push_back({host, {}, {}});
      (told.lost ? summary.outages.back().lost : summary.outages.back().returned) = told.time;
    }
  }
  for (const auto& [place, workers] : absent_) summary.missing_gradients += workers;
  return summary;
}

std::string fault_lines(const FaultSummary& faults) {
  if (faults.outages.empty() && faults.missing_gradients == 0) return {};
  std::string text = fmt::format("  faults: {} lost, {} back", count(faults.lost, "node"), faults.returned);
  if (faults.missing_gradients > 0) {
    text += fmt::format("; rounds closed without {}", count(faults.missing_gradients, "gradient"));
  }
  text += "\n";
  for (std::size_t i = 0; i < std::min(faults.outages.size(), kMostOutages); ++i) {
    const FaultSummary::Outage& outage = faults.outages[i];
    text += fmt::format("    {}:", outage.host);
    if (outage.lost) text += fmt::format(" lost at {:.1f} s{}", *outage.lost, outage.returned ? "," : "");
    if (outage.returned) text += fmt::format(" back at {:.1f} s", *outage.returned);
    text += "\n";
  }
  if (faults.outages.size() > kMostOutages) {
    text += fmt::format("    and {} more, in run.sqlite\n", faults.outages.size() - kMostOutages);
  }
  return text;
}

}  // namespace geomx::run
