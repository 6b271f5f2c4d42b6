#include "emulator/sweep/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "emulator/base/units.h"

namespace geomx::sweep {
namespace {

const std::vector<std::string> kUsual{
    kRound,        kPredictedRound, "training.samples_per_second", "training.test_accuracy", "training.wan_bytes",
    "wall_seconds"};

std::map<std::int64_t, double> values_of(const Database& database, const std::vector<RunRow>& runs,
                                         const std::string& metric) {
  std::map<std::int64_t, double> values;
  for (const RunRow& run : runs) {
    const std::optional<double>& value = metric == kRound ? run.round_s : run.predicted_round_s;
    if ((metric == kRound || metric == kPredictedRound) && run.status == "ok" && value) values[run.id] = *value;
  }
  for (const auto& [run, value] : database.metric(metric)) values[run] = value;
  return values;
}

std::string heading(const std::string& metric) {
  return metric.starts_with("training.") ? metric.substr(metric.find('.') + 1) : metric;
}

std::string number(const std::string& metric, double value) {
  if (metric.ends_with("_bytes")) return to_string(Bytes{static_cast<std::uint64_t>(std::llround(value))}, true);
  return fmt::format("{:.4g}", value);
}

std::string cell(const std::string& metric, const std::optional<Estimate>& estimate) {
  if (!estimate) return "-";
  std::string text = number(metric, estimate->mean);
  if (!estimate->half_width || metric == kPredictedRound) return text;
  const double half = *estimate->half_width;
  return text + " ± " + (metric.ends_with("_bytes") ? number(metric, half) : fmt::format("{:.2g}", half));
}

std::string verdict(const MeansRow& row) {
  if (row.ok == 0) return "-";
  if (row.degraded > 0) return row.ok == 1 ? "degraded !" : fmt::format("{} of {} degraded !", row.degraded, row.ok);
  return row.not_measured == row.ok ? "not measured" : "faithful";
}

std::string runs_of(const MeansRow& row) {
  std::string text = row.ok == row.runs ? std::to_string(row.ok) : fmt::format("{} of {}", row.ok, row.runs);
  if (row.failed > 0) text += fmt::format(", {} failed", row.failed);
  return text;
}

// Columns on a screen: of UTF-8, the bytes that begin a character.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string align(const std::vector<std::vector<std::string>>& rows, std::size_t to_the_left) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(row.size());
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - width_of(row[i]), ' ');
      line += "  " + (i < to_the_left ? row[i] + padding : padding + row[i]);
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string csv_line(const std::vector<std::string>& fields) {
  std::string line;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) line += ',';
    if (fields[i].find_first_of(",\"\r\n") == std::string::npos) {
      line += fields[i];
      continue;
    }
    line += '"';
    for (const char c : fields[i]) line += c == '"' ? std::string("\"\"") : std::string(1, c);
    line += '"';
  }
  return line + "\r\n";
}

std::string exact(double value) {
  return fmt::format("{}", value);
}

std::string exact(const std::optional<double>& value) {
  return value ? exact(*value) : std::string();
}

std::vector<std::string> values_of(const Grid& grid, const Point& point) {
  std::vector<std::string> values;
  for (std::size_t i = 0; i < grid.variations.size(); ++i) {
    values.push_back(display(grid.variations[i].values[point.choice[i]].text));
  }
  return values;
}

std::vector<std::string> labels_of(const Grid& grid) {
  std::vector<std::string> labels;
  for (const Variation& variation : grid.variations) labels.push_back(variation.label);
  return labels;
}

}  // namespace

MeansTable means_table(const Database& database, const std::vector<std::string>& metrics) {
  const Grid grid = database.grid();
  const std::vector<RunRow> runs = database.runs();
  MeansTable table{labels_of(grid), {}, {}};
  for (const Point& point : grid.points) table.rows.push_back({values_of(grid, point)});
  for (const RunRow& run : runs) {
    MeansRow& row = table.rows.at(static_cast<std::size_t>(run.point) - 1);
    const bool ok = run.status == "ok";
    ++row.runs;
    row.ok += ok ? 1 : 0;
    row.failed += run.status == "failed" ? 1 : 0;
    row.degraded += ok && run.verdict == "degraded" ? 1 : 0;
    row.not_measured += ok && run.verdict == "not measured" ? 1 : 0;
  }
  for (const std::string& metric : metrics.empty() ? kUsual : metrics) {
    const std::map<std::int64_t, double> values = values_of(database, runs, metric);
    if (values.empty() && metrics.empty()) continue;
    std::vector<std::vector<double>> of_point(grid.points.size());
    for (const RunRow& run : runs) {
      const auto value = values.find(run.id);
      if (value != values.end()) of_point.at(static_cast<std::size_t>(run.point) - 1).push_back(value->second);
    }
    table.metrics.push_back(metric);
    for (std::size_t i = 0; i < of_point.size(); ++i) {
      table.rows[i].metrics.push_back(of_point[i].empty() ? std::nullopt : std::optional(estimate(of_point[i])));
    }
  }
  return table;
}

std::string to_text(const MeansTable& table) {
  std::vector<std::vector<std::string>> rows{table.parameters};
  rows[0].insert(rows[0].end(), {"runs", "fidelity"});
  for (const std::string& metric : table.metrics) rows[0].push_back(heading(metric));
  bool intervals = false;
  bool degraded = false;
  for (const MeansRow& row : table.rows) {
    rows.push_back(row.values);
    rows.back().insert(rows.back().end(), {runs_of(row), verdict(row)});
    degraded = degraded || row.degraded > 0;
    for (std::size_t i = 0; i < table.metrics.size(); ++i) {
      intervals = intervals || (row.metrics[i] && row.metrics[i]->half_width);
      rows.back().push_back(cell(table.metrics[i], row.metrics[i]));
    }
  }
  std::string text = align(rows, table.parameters.size() + 2);
  if (intervals) text += "  ±: half of the 95 % confidence interval of the mean (Student's t)\n";
  if (degraded) text += "  !: the emulation of these runs was degraded; their summaries say how\n";
  return text;
}

nlohmann::ordered_json to_json(const MeansTable& table) {
  using Json = nlohmann::ordered_json;
  Json points = Json::array();
  for (const MeansRow& row : table.rows) {
    Json values = Json::object();
    for (std::size_t i = 0; i < table.parameters.size(); ++i) values[table.parameters[i]] = row.values[i];
    Json metrics = Json::object();
    for (std::size_t i = 0; i < table.metrics.size(); ++i) {
      const std::optional<Estimate>& estimate = row.metrics[i];
      metrics[table.metrics[i]] =
          estimate ? Json{{"mean", estimate->mean},
                          {"half_width", estimate->half_width ? Json(*estimate->half_width) : Json(nullptr)},
                          {"count", estimate->count}}
                   : Json(nullptr);
    }
    points.push_back({{"values", values},
                      {"runs", row.runs},
                      {"ok", row.ok},
                      {"failed", row.failed},
                      {"degraded", row.degraded},
                      {"not_measured", row.not_measured},
                      {"metrics", metrics}});
  }
  return points;
}

std::string means_csv(const MeansTable& table) {
  std::vector<std::string> header = table.parameters;
  header.insert(header.end(), {"runs", "ok", "failed", "degraded", "not_measured"});
  for (const std::string& metric : table.metrics) {
    header.insert(header.end(), {metric, metric + "_low", metric + "_high"});
  }
  std::string text = csv_line(header);
  for (const MeansRow& row : table.rows) {
    std::vector<std::string> fields = row.values;
    for (const std::size_t count : {row.runs, row.ok, row.failed, row.degraded, row.not_measured}) {
      fields.push_back(std::to_string(count));
    }
    for (const std::optional<Estimate>& estimate : row.metrics) {
      const bool interval = estimate && estimate->half_width;
      fields.insert(fields.end(), {estimate ? exact(estimate->mean) : "",
                                   interval ? exact(estimate->mean - *estimate->half_width) : "",
                                   interval ? exact(estimate->mean + *estimate->half_width) : ""});
    }
    text += csv_line(fields);
  }
  return text;
}

std::string runs_csv(const Database& database) {
  const Grid grid = database.grid();
  const std::vector<RunRow> runs = database.runs();
  std::vector<std::string> names = database.metric_names();
  std::erase_if(names, [](const std::string& name) { return name.starts_with("links."); });
  std::vector<std::map<std::int64_t, double>> metrics;
  for (const std::string& name : names) {
    const auto values = database.metric(name);
    metrics.emplace_back(values.begin(), values.end());
  }
  std::vector<std::string> header{"run"};
  const std::vector<std::string> labels = labels_of(grid);
  header.insert(header.end(), labels.begin(), labels.end());
  header.insert(header.end(), {"repetition", "run_seed", "status", "verdict", "error", kRound, kPredictedRound});
  header.insert(header.end(), names.begin(), names.end());
  std::string text = csv_line(header);
  for (const RunRow& run : runs) {
    std::vector<std::string> fields{std::to_string(run.id)};
    const std::vector<std::string> values = values_of(grid, grid.points.at(static_cast<std::size_t>(run.point) - 1));
    fields.insert(fields.end(), values.begin(), values.end());
    fields.insert(fields.end(),
                  {std::to_string(run.repetition), std::to_string(run.seed), run.status, run.verdict.value_or(""),
                   run.error.value_or(""), exact(run.round_s), exact(run.predicted_round_s)});
    for (const auto& values_by_run : metrics) {
      const auto value = values_by_run.find(run.id);
      fields.push_back(value == values_by_run.end() ? "" : exact(value->second));
    }
    text += csv_line(fields);
  }
  return text;
}

}  // namespace geomx::sweep
