#include "emulator/lab/fidelity_report.h"

#include <nlohmann/json.hpp>

namespace geomx::lab {
namespace {

using Json = nlohmann::ordered_json;

template <typename Value>
Json known(const std::optional<Value>& value) {
  return value ? Json(*value) : Json();
}

}  // namespace

std::vector<WatchedDirection> watched(Lab& lab) {
  const std::vector<shaper::LinkCounters> counters = lab.counters();
  std::vector<WatchedDirection> directions;
  for (std::size_t l = 0; l < lab.plan().links.size(); ++l) {
    const PlannedLink& link = lab.plan().links[l];
    if (link.shaper == shaper::Kind::none) continue;
    for (const bool forward : {true, false}) {
      directions.push_back({link.name, forward, link.label[forward ? 0 : 1] + "->" + link.label[forward ? 1 : 0],
                            lab.in_force(l, forward), forward ? counters[l].forward : counters[l].backward});
    }
  }
  return directions;
}

std::string fidelity_json(const FidelityMonitor& monitor) {
  const MachineLoad& load = monitor.load();
  Json json{{"verdict", to_string(monitor.overall())},
            {"now", to_string(monitor.now())},
            {"time", monitor.time()},
            {"machine",
             {{"cpu_pressure", known(load.cpu_pressure)},
              {"cpu_busy", known(load.cpu_busy)},
              {"steal", known(load.steal)},
              {"lab_waited", known(load.lab_waited)}}}};
  json["deviations"] = Json::array();
  for (const Deviation& deviation : monitor.deviations()) {
    json["deviations"].push_back({{"link", deviation.link},
                                  {"direction", deviation.direction},
                                  {"aspect", to_string(deviation.aspect)},
                                  {"worst", deviation.worst},
                                  {"since", deviation.since},
                                  {"seconds", deviation.seconds},
                                  {"judged", deviation.judged},
                                  {"now", deviation.now},
                                  {"degrading", deviation.degrading},
                                  {"cpu_pressure", known(deviation.cpu_pressure)},
                                  {"steal", known(deviation.steal)},
                                  {"text", describe(deviation)}});
  }
  json["links"] = Json::array();
  for (const Window& window : monitor.windows()) {
    json["links"].push_back({{"name", window.link},
                             {"direction", window.label},
                             {"forward", window.forward},
                             {"now", to_string(window.judgement)},
                             {"rate_bits_per_second", known(window.bits_per_second)},
                             {"delay_seconds", known(window.delay)},
                             {"loss", known(window.loss)},
                             {"late", known(window.late)}});
  }
  json["judged"] = Json::object();
  for (const FidelityMonitor::Judged& judged : monitor.judged()) {
    Json aspects = Json::array();
    for (const Aspect aspect : judged.aspects) aspects.push_back(to_string(aspect));
    json["judged"][judged.link + " " + judged.direction] = std::move(aspects);
  }
  return json.dump();
}

}  // namespace geomx::lab
