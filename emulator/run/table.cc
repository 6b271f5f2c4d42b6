#include "emulator/run/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

namespace geomx::run {
namespace {

using geomx::to_string;  // of std::chrono's duration, which argument-dependent lookup does not find

using Row = std::vector<std::string>;

// Columns as wide as their widest cell, two spaces apart; the first two to the left, the others to the right.
std::string align(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += i < 2 ? fmt::format("  {:<{}}", row[i], widths[i]) : fmt::format("  {:>{}}", row[i], widths[i]);
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string asked_and_measured(const std::string& asked, const std::string& measured) {
  return asked + " / " + measured;
}

Row row_of(const LinkReport& link) {
  const shaper::Direction& asked = link.asked;
  const std::string none = "-";
  return {link.link,
          link.direction,
          to_string(Bytes{link.bytes}, true),
          asked_and_measured(asked.rate    ? to_string(*asked.rate)
                             : asked.trace ? "trace"
                                           : none,
                             link.rate ? to_string(*link.rate, true) : none),
          asked_and_measured(asked.delay.count() ? to_string(asked.delay) : none,
                             link.delay ? to_string(*link.delay, true) : none),
          asked_and_measured(mean_loss(asked) > 0 ? to_string(Probability{mean_loss(asked)}) : none,
                             link.loss ? fmt::format("{:.3g}%", 100 * *link.loss) : none),
          std::to_string(link.dropped_queue + link.dropped_loss)};
}

bool blamed(const LinkReport& link, const Fidelity& fidelity) {
  return std::any_of(fidelity.reasons.begin(), fidelity.reasons.end(), [&](const std::string& reason) {
    return reason.starts_with(link.link + " ") || reason.starts_with(link.link + ":");
  });
}

std::string link_table(const Summary& summary) {
  std::vector<Row> rows{{"link", "direction", "bytes", "rate asked / measured", "delay asked / measured",
                         "loss asked / measured", "drops"}};
  for (const LinkReport& link : summary.links) {
    if (link.scope == lab::LinkScope::wan || blamed(link, summary.fidelity)) rows.push_back(row_of(link));
  }
  return rows.size() > 1 ? align(rows) : std::string();
}

// One line for each thing: "rate not measured, never under load: wan-a central->a and 12 directions of LANs".
std::string not_measured_lines(const Fidelity& fidelity) {
  constexpr std::size_t kMostNames = 4;
  std::map<std::string, std::vector<std::string>> wan;
  std::map<std::string, std::size_t> lan;
  for (const NotMeasured& item : fidelity.not_measured) {
    std::vector<std::string>& names = wan[item.what];  // also where there is none, so that every thing has its line
    if (item.scope == lab::LinkScope::wan) names.push_back(item.direction);
    if (item.scope == lab::LinkScope::lan) ++lan[item.what];
  }
  std::string text;
  for (auto& [what, names] : wan) {
    if (names.size() > kMostNames) {
      const std::size_t more = names.size() - kMostNames;
      names.resize(kMostNames);
      names.push_back(fmt::format("{} more", more));
    }
    if (lan.contains(what)) names.push_back(fmt::format("{} directions of LANs", lan[what]));
    text += fmt::format("    {} not measured{}: {}\n", what, what == "rate" ? ", never under load" : "",
                        fmt::join(names, ", "));
  }
  return text;
}

std::string training_lines(const TrainingResult& training) {
  std::string line = "  ";
  if (training.test_accuracy) line += fmt::format("test accuracy {:.2f}%   ", 100 * *training.test_accuracy);
  line += fmt::format("rounds {}", training.rounds);
  if (training.samples_per_second) line += fmt::format("   {:.0f} samples/s", *training.samples_per_second);
  if (!training.seconds_to_accuracy.empty()) {
    const auto& [level, seconds] = *training.seconds_to_accuracy.rbegin();
    line += fmt::format("   accuracy {} after {:.1f} s", level, seconds);
  }
  return line + "\n";
}

std::string command_table(const std::vector<CommandResult>& results) {
  std::vector<Row> rows{{"command", "node", "status", "exit code", "seconds"}};
  for (const CommandResult& result : results) {
    rows.push_back({result.name.empty() ? result.argv.front() : result.name, result.node,
                    result.runs > 1 ? fmt::format("{} ({} runs)", to_string(result.status), result.runs)
                                    : to_string(result.status),
                    result.exit_code ? std::to_string(*result.exit_code) : "-",
                    result.seconds ? fmt::format("{:.2f}", *result.seconds) : "-"});
  }
  return align(rows);
}

}  // namespace

std::string closing_table(const std::string& scenario_name, const Summary& summary,
                          const std::filesystem::path& folder) {
  std::string text = fmt::format("{}: {} after {:.1f} s ({} nodes, {} links; up in {:.2f} s, down in {:.2f} s)\n",
                                 scenario_name, to_string(summary.status), summary.wall_seconds, summary.lab.nodes,
                                 summary.lab.links, summary.lab.up_seconds, summary.lab.down_seconds);
  if (summary.training) {
    text += training_lines(*summary.training) + timeline_table(summary.training->timeline) +
            fault_lines(summary.training->faults);
  }
  if (summary.workload && !summary.workload->empty()) text += command_table(*summary.workload);
  text += link_table(summary);
  text += fmt::format("  fidelity: {}\n", to_string(summary.fidelity.verdict));
  for (const std::string& reason : summary.fidelity.reasons) text += fmt::format("    {}\n", reason);
  text += not_measured_lines(summary.fidelity);
  for (const ExpectationResult& result : summary.expectations) {
    text += fmt::format("  expected {}: {} ({})\n", describe(result.expectation), result.met ? "met" : "NOT MET",
                        result.value ? fmt::format("{:.6g}", *result.value) : "no such number in the summary");
  }
  return text + fmt::format("  {}\n", folder.string());
}

}  // namespace geomx::run
