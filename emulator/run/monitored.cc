#include "emulator/run/monitored.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "emulator/base/error.h"

namespace geomx::run {
namespace {

using nlohmann::json;

std::optional<double> number(const json& value) {
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

// How fidelity.cc begins what it says about each aspect, after the direction.
bool is_about(const std::string& reason, const MonitoredDeviation& deviation) {
  if (!reason.starts_with(deviation.direction + ": ")) return false;
  const std::string what = reason.substr(deviation.direction.size() + 2);
  if (deviation.aspect == "lateness") return what.starts_with("timers ");
  if (deviation.aspect == "overruns") return what.find("lost to this machine") != std::string::npos;
  return what.starts_with(deviation.aspect + " ");
}

std::string when(const MonitoredDeviation& deviation, double start) {
  std::string text = fmt::format("since {:.1f} s, for {:.0f} of {:.0f} s", std::max(0.0, deviation.since - start),
                                 deviation.seconds, deviation.judged);
  if (deviation.cpu_pressure) text += fmt::format(", CPU pressure {:.0f}%", 100 * *deviation.cpu_pressure);
  if (deviation.steal && *deviation.steal >= 0.01) text += fmt::format(", steal {:.0f}%", 100 * *deviation.steal);
  return text;
}

}  // namespace

Monitored parse_monitored(const std::string& text) {
  Monitored monitored;
  try {
    const json document = json::parse(text);
    monitored.time = document.at("time");
    monitored.verdict = document.at("verdict");
    const json& machine = document.at("machine");
    monitored.machine = {number(machine.at("cpu_pressure")), number(machine.at("cpu_busy")),
                         number(machine.at("steal")), number(machine.at("lab_waited"))};
    for (const json& item : document.at("deviations")) {
      monitored.deviations.push_back(
          {item.at("link").get<std::string>() + " " + item.at("direction").get<std::string>(), item.at("aspect"),
           item.at("worst"), item.at("since"), item.at("seconds"), item.at("judged"), item.at("degrading"),
           number(item.at("cpu_pressure")), number(item.at("steal"))});
    }
    for (const json& item : document.at("links")) {
      monitored.windows.push_back({item.at("name"), item.at("forward"), item.at("now"),
                                   number(item.at("rate_bits_per_second")), number(item.at("delay_seconds")),
                                   number(item.at("loss")), number(item.at("late"))});
    }
    for (const auto& [direction, aspects] : document.at("judged").items()) {
      for (const json& aspect : aspects) monitored.judged[direction].insert(aspect.get<std::string>());
    }
  } catch (const json::exception& error) {
    throw WorkError("the lab's verdict", error.what(), "the lab may be of another version of geomx-emu");
  }
  return monitored;
}

Fidelity combine(Fidelity whole, const Monitored& monitored, double start) {
  std::erase_if(whole.not_measured, [&](const NotMeasured& item) {
    const auto judged = monitored.judged.find(item.direction);
    return judged != monitored.judged.end() && judged->second.contains(item.what);
  });
  if (whole.verdict == Verdict::not_measured && monitored.verdict != to_string(Verdict::not_measured)) {
    whole.verdict = Verdict::faithful;
    whole.reasons.clear();
  }
  for (const MonitoredDeviation& deviation : monitored.deviations) {
    const auto known = std::find_if(whole.reasons.begin(), whole.reasons.end(),
                                    [&](const std::string& reason) { return is_about(reason, deviation); });
    if (known != whole.reasons.end()) {
      *known += "; " + when(deviation, start);
    } else if (deviation.degrading) {
      whole.reasons.push_back(fmt::format("{}: {}; {}", deviation.direction, deviation.worst, when(deviation, start)));
      whole.verdict = Verdict::degraded;
    }
  }
  return whole;
}

}  // namespace geomx::run
