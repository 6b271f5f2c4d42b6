#include "emulator/run/summary.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "emulator/shaper/describe.h"

namespace geomx::run {
namespace {

using geomx::to_string;  // of std::chrono's duration, which argument-dependent lookup does not find

using nlohmann::ordered_json;

ordered_json number(std::optional<double> value) {
  return value && std::isfinite(*value) ? ordered_json(*value) : ordered_json(nullptr);
}

ordered_json text(std::optional<Nanoseconds> duration) {
  return duration ? ordered_json(to_string(*duration, true)) : ordered_json(nullptr);
}

// Unshaped is null, as it is left out of the scenario.
ordered_json unless_zero(Nanoseconds duration) {
  return duration.count() == 0 ? ordered_json(nullptr) : ordered_json(to_string(duration));
}

ordered_json asked(const shaper::Direction& direction) {
  const double loss = mean_loss(direction);
  return {{"rate", direction.rate ? ordered_json(to_string(*direction.rate)) : ordered_json(nullptr)},
          {"delay", unless_zero(direction.delay)},
          {"jitter", unless_zero(direction.jitter)},
          {"loss", loss > 0 ? ordered_json(to_string(Probability{loss})) : ordered_json(nullptr)},
          {"queue", direction.limited() ? ordered_json(shaper::describe(direction.queue)) : ordered_json(nullptr)},
          {"all", shaper::describe(direction)}};
}

ordered_json measured(const LinkReport& link) {
  return {{"rate", link.rate ? ordered_json(to_string(*link.rate, true)) : ordered_json(nullptr)},
          {"delay", text(link.delay)},
          {"loss", link.loss ? ordered_json(to_string(Probability{*link.loss})) : ordered_json(nullptr)},
          {"idle_rtt", text(link.idle_rtt)},
          {"lateness_p99", text(link.lateness)}};
}

ordered_json timeline(const std::vector<NodeTimes>& nodes) {
  ordered_json all = ordered_json::array();
  for (const NodeTimes& node : nodes) {
    all.push_back({{"node", node.node},
                   {"rounds", node.rounds},
                   {"gather_ms", node.gather_ms},
                   {"compute_ms", node.compute_ms},
                   {"push_ms", node.push_ms},
                   {"wait_ms", node.wait_ms},
                   {"pull_ms", node.pull_ms}});
  }
  return all;
}

ordered_json training(const Summary& summary) {
  if (!summary.training) return nullptr;
  const TrainingResult& result = *summary.training;
  ordered_json seconds = ordered_json::object();
  for (const auto& [level, time] : result.seconds_to_accuracy) seconds[level] = time;
  return {{"test_accuracy", number(result.test_accuracy)},
          {"test_loss", number(result.test_loss)},
          {"train_loss", number(result.train_loss)},
          {"rounds", result.rounds},
          {"samples", result.samples},
          {"samples_per_second", number(result.samples_per_second)},
          {"seconds_to_accuracy", seconds},
          {"timeline", timeline(result.timeline)},
          {"faults",
           {{"lost", result.faults.lost},
            {"returned", result.faults.returned},
            {"missing_gradients", result.faults.missing_gradients}}},
          {"wan_bytes", total_bytes(summary.links, lab::LinkScope::wan)},
          {"lan_bytes", total_bytes(summary.links, lab::LinkScope::lan)}};
}

ordered_json workload(const Summary& summary) {
  if (!summary.workload) return nullptr;
  ordered_json commands = ordered_json::array();
  for (const CommandResult& result : *summary.workload) {
    ordered_json command;
    // Without a name an element is known by its index alone.
    if (!result.name.empty()) command["name"] = result.name;
    command.update({{"node", result.node},
                    {"argv", result.argv},
                    {"status", to_string(result.status)},
                    {"exit_code", result.exit_code ? ordered_json(*result.exit_code) : ordered_json(nullptr)},
                    {"runs", result.runs},
                    {"started", number(result.started)},
                    {"seconds", number(result.seconds)},
                    {"log", result.log}});
    commands.push_back(std::move(command));
  }
  return commands;
}

}  // namespace

const char* to_string(Status status) {
  switch (status) {
    case Status::ok:
      return "ok";
    case Status::failed:
      return "failed";
    case Status::interrupted:
      return "interrupted";
  }
  return "failed";
}

nlohmann::ordered_json to_json(const Summary& summary) {
  ordered_json document{{"status", to_string(summary.status)},
                        {"error", summary.error ? ordered_json(*summary.error) : ordered_json(nullptr)},
                        {"wall_seconds", summary.wall_seconds},
                        {"lab",
                         {{"nodes", summary.lab.nodes},
                          {"links", summary.lab.links},
                          {"up_seconds", summary.lab.up_seconds},
                          {"down_seconds", summary.lab.down_seconds}}},
                        {"training", training(summary)},
                        {"workload", workload(summary)}};
  document["links"] = ordered_json::array();
  for (const LinkReport& link : summary.links) {
    document["links"].push_back({{"name", link.link},
                                 {"direction", link.direction},
                                 {"scope", lab::to_string(link.scope)},
                                 {"shaper", lab::to_string(link.shaper)},
                                 {"asked", asked(link.asked)},
                                 {"measured", measured(link)},
                                 {"bytes", link.bytes},
                                 {"drops", link.dropped_queue + link.dropped_loss}});
  }
  ordered_json not_measured = ordered_json::array();
  for (const NotMeasured& item : summary.fidelity.not_measured) {
    not_measured.push_back(item.direction + ": " + item.what);
  }
  document["fidelity"] = {{"verdict", to_string(summary.fidelity.verdict)},
                          {"reasons", summary.fidelity.reasons},
                          {"not_measured", not_measured}};
  document["expectations"] = ordered_json::array();
  for (const ExpectationResult& result : summary.expectations) {
    document["expectations"].push_back({{"metric", result.expectation.metric},
                                        {"min", number(result.expectation.min)},
                                        {"max", number(result.expectation.max)},
                                        {"value", number(result.value)},
                                        {"met", result.met}});
  }
  return document;
}

int exit_code(const Summary& summary) {
  const bool met = std::all_of(summary.expectations.begin(), summary.expectations.end(),
                               [](const ExpectationResult& result) { return result.met; });
  return summary.status == Status::ok && met ? 0 : 1;
}

}  // namespace geomx::run
