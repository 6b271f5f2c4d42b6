#include "emulator/run/metrics.h"

#include <limits>
#include <nlohmann/json.hpp>

namespace geomx::run {
namespace {

using nlohmann::json;

std::string shorten(std::string_view line) {
  constexpr std::size_t kKept = 120;
  // The rest of the program writes this as JSON and to a terminal: nothing but printable ASCII.
  std::string kept;
  for (const char c : line.substr(0, kKept)) kept += c >= 0x20 && c < 0x7f ? c : '?';
  if (line.size() > kKept) kept += "...";
  return kept;
}

// JSON has no NaN: a loss that diverged arrives as null.
double measure(const json& object, const char* key) {
  const json& value = object.at(key);
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

// Each throws json::exception where the field is there with another type; a field left out is 0.
double number(const json& object, const char* key) {
  return object.value(key, 0.0);
}
std::int64_t integer(const json& object, const char* key) {
  return object.value(key, std::int64_t{0});
}

Metric from_object(const json& object, std::string_view line) {
  const std::string type = object.at("type").get<std::string>();
  if (type == "step") {
    return Step{object.at("round").get<std::int64_t>(),
                integer(object, "epoch"),
                object.contains("loss") ? std::optional(measure(object, "loss")) : std::nullopt,
                object.at("samples").get<std::int64_t>(),
                number(object, "compute_ms"),
                number(object, "communicate_ms"),
                object.at("t").get<double>()};
  }
  if (type == "evaluation") {
    return Evaluation{object.at("round").get<std::int64_t>(),
                      integer(object, "epoch"),
                      object.at("test_accuracy").get<double>(),
                      measure(object, "test_loss"),
                      integer(object, "samples"),
                      number(object, "evaluate_ms"),
                      object.at("t").get<double>()};
  }
  if (type == "evaluating") {
    return Evaluating{object.at("samples").get<std::int64_t>(), object.at("of").get<std::int64_t>()};
  }
  if (type == "round") {
    return Round{object.at("round").get<std::int64_t>(),
                 number(object, "gather_ms"),
                 number(object, "compute_ms"),
                 number(object, "push_ms"),
                 number(object, "wait_ms"),
                 number(object, "pull_ms"),
                 object.at("t").get<double>()};
  }
  if (type == "absent") {
    return Absence{object.at("round").get<std::int64_t>(), object.at("workers").get<std::int64_t>(),
                   object.at("t").get<double>()};
  }
  if (type == "lost" || type == "returned") {
    return Presence{type == "lost", object.value("node", std::string()), object.at("process").get<std::string>(),
                    number(object, "silent_seconds"), object.at("t").get<double>()};
  }
  if (type == "phase")
    return Phase{object.at("name").get<std::string>(), integer(object, "rounds"), number(object, "t")};
  if (type == "error") return ReportedError{object.at("message").get<std::string>()};
  return Other{type, std::string(line), number(object, "t")};
}

}  // namespace

Metric parse_metric(std::string_view line) {
  try {
    const json object = json::parse(line);
    if (!object.is_object()) return Malformed{shorten(line), "not a JSON object"};
    return from_object(object, line);
  } catch (const json::exception& error) {
    return Malformed{shorten(line), error.what()};
  }
}

std::vector<Metric> MetricsReader::feed(std::string_view bytes) {
  std::vector<Metric> metrics;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    if (!skipping_) rest_ += piece;
    if (rest_.size() > kLongestLine) {
      metrics.emplace_back(Malformed{shorten(rest_), "the line is longer than 64 KiB"});
      rest_.clear();
      skipping_ = true;
    }
    if (end == std::string_view::npos) break;
    if (!rest_.empty()) metrics.push_back(parse_metric(rest_));
    rest_.clear();
    skipping_ = false;
  }
  return metrics;
}

std::vector<Metric> MetricsReader::finish() {
  std::vector<Metric> metrics;
  if (!rest_.empty()) metrics.push_back(parse_metric(rest_));
  rest_.clear();
  skipping_ = false;
  return metrics;
}

}  // namespace geomx::run
