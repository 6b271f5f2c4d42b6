#include "emulator/cli/watch_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "emulator/base/units.h"

namespace geomx::cli {
namespace {

using Json = nlohmann::ordered_json;
using control::DirectionRates;
using control::LinkRates;
using control::WatchedFidelity;

std::string rate_text(double bps) {
  return to_string(BitsPerSecond{static_cast<std::uint64_t>(std::llround(bps))}, true);
}

struct Row {
  std::string link;
  std::string direction;
  std::string rate, limit, use, packets, queue, drops, rtt, fidelity;
};

std::string fidelity_of(const WatchedFidelity& fidelity, const std::string& link, const std::string& direction) {
  const auto found = fidelity.directions.find({link, direction});
  return found == fidelity.directions.end() ? "-" : found->second;
}

Row row_of(const LinkRates& link, const DirectionRates& direction, bool first, const WatchedFidelity& fidelity) {
  Row row;
  row.link = first ? link.name : "";
  row.direction = direction.name;
  row.rate = rate_text(direction.bps);
  row.limit = direction.limit_bps ? rate_text(static_cast<double>(*direction.limit_bps)) : "-";
  row.use = direction.utilisation ? fmt::format("{:.0f}%", 100 * *direction.utilisation) : "-";
  row.packets = fmt::format("{:.0f}", direction.packets_per_second);
  row.queue = to_string(Bytes{direction.backlog_bytes}, true);
  if (direction.queue_ms && direction.backlog_bytes > 0) row.queue += fmt::format(" {:.1f}ms", *direction.queue_ms);
  row.drops = std::to_string(direction.drops());
  row.fidelity = fidelity_of(fidelity, link.name, direction.name);
  if (first) row.rtt = link.rtt_ms ? fmt::format("{:.1f}ms", *link.rtt_ms) : "-";
  return row;
}

Json json_of(const DirectionRates& rates, const std::string& fidelity) {
  const auto known = [](const auto& value) { return value ? Json(*value) : Json(); };
  return {{"direction", rates.name},
          {"bits_per_second", rates.bps},
          {"limit_bits_per_second", known(rates.limit_bps)},
          {"utilisation", known(rates.utilisation)},
          {"packets_per_second", rates.packets_per_second},
          {"backlog_bytes", rates.backlog_bytes},
          {"queue_ms", known(rates.queue_ms)},
          {"delay_ms", known(rates.delay_ms)},
          {"dropped_queue", rates.dropped_queue},
          {"dropped_loss", rates.dropped_loss},
          {"overruns", rates.overruns},
          {"fidelity", fidelity == "-" ? Json() : Json(fidelity)}};
}

}  // namespace

std::vector<std::string> watch_table(const std::vector<LinkRates>& links, bool all, const WatchedFidelity& fidelity) {
  const bool lans = all || std::none_of(links.begin(), links.end(), [](const LinkRates& link) { return link.wan; });
  std::vector<Row> rows{{"LINK", "DIRECTION", "RATE", "OF", "USE", "PACKETS/s", "QUEUE", "DROPS", "RTT", "FIDELITY"}};
  std::size_t hidden = 0;
  for (const LinkRates& link : links) {
    if (!link.wan && !lans) {
      ++hidden;
      continue;
    }
    rows.push_back(row_of(link, link.forward, true, fidelity));
    rows.push_back(row_of(link, link.backward, false, fidelity));
  }
  std::size_t name = 0;
  std::size_t direction = 0;
  for (const Row& row : rows) {
    name = std::max(name, row.link.size());
    direction = std::max(direction, row.direction.size());
  }
  std::vector<std::string> lines;
  for (const Row& row : rows) {
    lines.push_back(fmt::format("{:<{}}  {:<{}}  {:>10} {:>10} {:>5} {:>10} {:>17} {:>8} {:>9} {:>13}", row.link, name,
                                row.direction, direction, row.rate, row.limit, row.use, row.packets, row.queue,
                                row.drops, row.rtt, row.fidelity));
  }
  if (hidden > 0) lines.push_back(fmt::format("{} LAN links are not shown: --all", hidden));
  if (!fidelity.now.empty())
    lines.push_back(fmt::format("fidelity: {} now, {} since the lab came up", fidelity.now, fidelity.verdict));
  for (const std::string& deviation : fidelity.deviations) lines.push_back("  " + deviation);
  return lines;
}

std::string watch_line(const std::string& lab, double time, double seconds, const std::vector<LinkRates>& links,
                       const WatchedFidelity& fidelity) {
  Json line{{"time", time}, {"seconds", seconds}, {"lab", lab}, {"links", Json::array()}};
  for (const LinkRates& link : links) {
    line["links"].push_back(
        {{"name", link.name},
         {"scope", link.wan ? "wan" : "lan"},
         {"rtt_ms", link.rtt_ms ? Json(*link.rtt_ms) : Json()},
         {"forward", json_of(link.forward, fidelity_of(fidelity, link.name, link.forward.name))},
         {"backward", json_of(link.backward, fidelity_of(fidelity, link.name, link.backward.name))}});
  }
  line["fidelity"] = {{"verdict", fidelity.verdict}, {"now", fidelity.now}, {"deviations", fidelity.deviations}};
  return line.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace geomx::cli
