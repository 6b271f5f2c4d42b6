#include "emulator/sweep/result.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "emulator/base/error.h"
#include "emulator/run/database_reader.h"

namespace geomx::sweep {
namespace {

using Json = nlohmann::json;

// Every number below `value`. An element of a list is known by its name, and a link's by its direction too.
void collect(const Json& value, const std::string& path, std::map<std::string, double>& into) {
  const auto below = [&](const std::string& key) { return path.empty() ? key : path + "." + key; };
  if (value.is_number()) into[path] = value.get<double>();
  if (value.is_object()) {
    for (const auto& [key, each] : value.items()) collect(each, below(key), into);
  }
  if (!value.is_array()) return;
  for (const Json& each : value) {
    if (!each.is_object() || !each.contains("name") || !each.at("name").is_string()) continue;
    std::string key = each.at("name").get<std::string>();
    if (each.contains("direction")) key += "." + each.at("direction").get<std::string>();
    collect(each, below(key), into);
  }
}

// What is kept of a summary: all but a LAN's cables, of which a large lab has thousands.
Json kept(const Json& summary) {
  Json all = summary;
  Json& links = all["links"];
  if (!links.is_array()) return all;
  Json wan = Json::array();
  for (const Json& link : links) {
    if (link.value("scope", "") == "wan") wan.push_back(link);
  }
  links = std::move(wan);
  return all;
}

std::optional<double> mean_round(const std::filesystem::path& database) {
  constexpr double kMillisecondsPerSecond = 1000;
  run::DatabaseReader reader(database);
  std::map<std::int64_t, double> slowest;  // of each round, in milliseconds
  for (run::DatabaseRows rows = reader.next();; rows = reader.next()) {
    for (const run::StepRow& step : rows.steps) {
      double& longest = slowest[step.round];
      longest = std::max(longest, step.compute_ms + step.communicate_ms);
    }
    if (!rows.more) break;
  }
  if (slowest.size() < 2) return std::nullopt;
  slowest.erase(slowest.begin());  // connections are made, and the initial values awaited
  double sum = 0;
  for (const auto& [round, milliseconds] : slowest) sum += milliseconds;
  return sum / static_cast<double>(slowest.size()) / kMillisecondsPerSecond;
}

void fill(RunResult& result, const Json& summary, const std::string& fallback) {
  const std::string status = summary.at("status");
  result.outcome = status == "ok" ? Outcome::ok : status == "interrupted" ? Outcome::interrupted : Outcome::failed;
  if (result.outcome != Outcome::ok) {
    result.error = summary.at("error").is_string() ? summary.at("error").get<std::string>() : fallback;
  }
  result.verdict = summary.at("fidelity").at("verdict").get<std::string>();
  result.wall_seconds = summary.at("wall_seconds");
  for (const Json& expectation : summary.at("expectations")) {
    result.expectations_met = result.expectations_met && expectation.at("met").get<bool>();
  }
  collect(kept(summary), {}, result.metrics);
}

}  // namespace

const char* to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok:
      return "ok";
    case Outcome::failed:
      return "failed";
    case Outcome::interrupted:
      return "interrupted";
    case Outcome::killed:
      return "killed";
  }
  return "failed";
}

RunResult read_result(const std::filesystem::path& run_folder, const std::string& fallback) {
  RunResult result;
  result.error = fallback;
  const std::filesystem::path file = run_folder / "summary.json";
  try {
    std::ifstream text(file);
    if (!text) return result;
    result.error.reset();
    fill(result, Json::parse(text), fallback);
    if (result.outcome == Outcome::ok && std::filesystem::exists(run_folder / "run.sqlite")) {
      result.round_s = mean_round(run_folder / "run.sqlite");
    }
  } catch (const Json::exception& error) {
    result.outcome = Outcome::failed;
    result.error = fmt::format("{}: {}", file.string(), error.what());
  } catch (const Error& error) {
    result.outcome = Outcome::failed;
    result.error = error.line();
  }
  return result;
}

}  // namespace geomx::sweep
