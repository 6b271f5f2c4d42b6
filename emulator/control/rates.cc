#include "emulator/control/rates.h"

#include <nlohmann/json.hpp>
#include <unordered_map>

#include "emulator/base/error.h"
#include "emulator/base/units.h"

namespace geomx::control {
namespace {

using nlohmann::json;

constexpr double kNanosecondsPerMillisecond = 1e6;

WatchedLink::Direction direction_of(const json& direction) {
  const json& rate = direction.at("asked").at("rate");
  WatchedLink::Direction result{direction.at("direction"), std::nullopt};
  if (!rate.is_null()) result.limit_bps = parse_rate(rate.get<std::string>()).value;
  return result;
}

WatchedLink link_of(const json& link) {
  return {link.at("name"), link.at("scope") == "wan", direction_of(link.at("forward")),
          direction_of(link.at("backward"))};
}

template <typename Result, typename Read>
Result reading(const std::string& text, const Read& read) {
  try {
    return read(json::parse(text));
  } catch (const json::exception& error) {
    throw WorkError("the lab's plan", error.what(), "the lab may be of another version of geomx-emu");
  }
}

// The counters give the mean since the link came up.
std::optional<double> delay_between(const DirectionCounters& before, const DirectionCounters& after) {
  if (after.delay_nanoseconds < 0) return std::nullopt;
  const auto sum = [](const DirectionCounters& counters) {
    return static_cast<long double>(counters.delay_nanoseconds) * static_cast<long double>(counters.packets);
  };
  const bool passed = before.delay_nanoseconds >= 0 && after.packets > before.packets;
  const long double mean = passed
                               ? (sum(after) - sum(before)) / static_cast<long double>(after.packets - before.packets)
                               : static_cast<long double>(after.delay_nanoseconds);
  return static_cast<double>(mean) / kNanosecondsPerMillisecond;
}

DirectionRates between(const WatchedLink::Direction& direction, DirectionCounters before,
                       const DirectionCounters& after, double seconds) {
  if (after.packets < before.packets) before = {};  // another link of the same name
  DirectionRates rates;
  rates.name = direction.name;
  rates.limit_bps = direction.limit_bps;
  rates.bps = 8 * static_cast<double>(after.bytes - before.bytes) / seconds;
  rates.packets_per_second = static_cast<double>(after.packets - before.packets) / seconds;
  rates.backlog_bytes = after.backlog_bytes;
  rates.dropped_queue = after.dropped_queue - before.dropped_queue;
  rates.dropped_loss = after.dropped_loss - before.dropped_loss;
  rates.overruns = after.overruns - before.overruns;
  rates.delay_ms = delay_between(before, after);
  if (direction.limit_bps) {
    const auto limit = static_cast<double>(*direction.limit_bps);
    rates.utilisation = rates.bps / limit;
    rates.queue_ms = 8e3 * static_cast<double>(after.backlog_bytes) / limit;
  }
  return rates;
}

}  // namespace

std::vector<WatchedLink> watched_links(const std::string& plan_json) {
  return reading<std::vector<WatchedLink>>(plan_json, [](const json& plan) {
    std::vector<WatchedLink> links;
    for (const json& link : plan.at("links")) links.push_back(link_of(link));
    return links;
  });
}

WatchedLink watched_link(const std::string& link_json) {
  return reading<WatchedLink>(link_json, link_of);
}

std::vector<LinkRates> rates(const std::vector<WatchedLink>& links, const std::vector<LinkCounters>& before,
                             const std::vector<LinkCounters>& after, double seconds) {
  std::unordered_map<std::string, const LinkCounters*> first;
  std::unordered_map<std::string, const LinkCounters*> last;
  for (const LinkCounters& link : before) first[link.link] = &link;
  for (const LinkCounters& link : after) last[link.link] = &link;
  const LinkCounters none;
  std::vector<LinkRates> result;
  for (const WatchedLink& link : links) {
    const auto now = last.find(link.name);
    if (now == last.end()) continue;
    const auto then = first.find(link.name);
    const LinkCounters& start = then == first.end() ? none : *then->second;
    LinkRates rates{link.name, link.wan, between(link.forward, start.forward, now->second->forward, seconds),
                    between(link.backward, start.backward, now->second->backward, seconds), std::nullopt};
    if (rates.forward.delay_ms && rates.backward.delay_ms) {
      rates.rtt_ms = *rates.forward.delay_ms + *rates.backward.delay_ms + rates.forward.queue_ms.value_or(0) +
                     rates.backward.queue_ms.value_or(0);
    }
    result.push_back(std::move(rates));
  }
  return result;
}

}  // namespace geomx::control
