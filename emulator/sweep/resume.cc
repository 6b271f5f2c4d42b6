#include "emulator/sweep/resume.h"

#include <fmt/format.h>

#include "emulator/base/error.h"

namespace geomx::sweep {
namespace {

std::string values_of(const Variation& variation) {
  std::string text = variation.path + "=";
  for (const Value& value : variation.values) text += (text.back() == '=' ? "" : ",") + value.text;
  return text;
}

}  // namespace

void require_same(const Database& database, const std::string& where, const Grid& asked,
                  const std::vector<Trial>& trials) {
  const auto differs = [&](const std::string& what) {
    throw InputError(where, "the sweep in there is another one: " + what,
                     "--resume --out DIR alone goes on with it; another --out begins a new one");
  };
  const Grid kept = database.grid();
  if (kept.variations.size() != asked.variations.size()) {
    differs(fmt::format("it varies {} paths, not {}", kept.variations.size(), asked.variations.size()));
  }
  for (std::size_t i = 0; i < kept.variations.size(); ++i) {
    const std::string one = values_of(kept.variations[i]);
    const std::string other = values_of(asked.variations[i]);
    if (one != other) differs(fmt::format("it varies {}, not {}", one, other));
  }
  for (std::size_t i = 0; i < kept.points.size(); ++i) {
    if (kept.points[i].scenario != asked.points.at(i).scenario) differs("its scenario has changed since");
  }
  const std::vector<RunRow> runs = database.runs();
  bool same_runs = runs.size() == trials.size();
  for (std::size_t i = 0; same_runs && i < runs.size(); ++i) {
    same_runs = static_cast<std::size_t>(runs[i].point) == trials[i].point + 1 &&
                runs[i].repetition == trials[i].repetition && runs[i].seed == trials[i].seed;
  }
  if (!same_runs) differs("other repetitions, seeds or another order");
}

}  // namespace geomx::sweep
