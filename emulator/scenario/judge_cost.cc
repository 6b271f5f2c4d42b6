// Workers that compute nothing: what they need, and what has no meaning for them.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "emulator/scenario/judge.h"
#include "emulator/scenario/roles.h"
#include "emulator/scenario/suggest.h"

namespace geomx::scenario {
namespace {

constexpr const char* kBelongs = "it belongs to \"device\": \"model\"";

void judge_computing(const Training& training, Judge& judge) {
  const auto belongs = [&](bool given, const char* key) {
    if (given) judge.add(fmt::format("/training/{}", key), "the workers compute, as long as that takes", kBelongs);
  };
  belongs(training.profile.has_value(), "profile");
  belongs(training.compute_seconds.has_value(), "compute_seconds");
  belongs(training.jitter.has_value(), "jitter");
  belongs(!training.stragglers.empty(), "stragglers");
}

void judge_precision(const Training& training, Judge& judge) {
  if (training.precision != "tf32" || training.device != "cpu" || judge.unread_within("/training/precision")) return;
  judge.add("/training/precision", "the CPU does not compute in tf32", "it belongs to cards; of a CPU, fp32 or bf16");
}

void judge_stragglers(const Scenario& scenario, Judge& judge) {
  if (judge.problem_within("/training/parties") || judge.problem_within("/topology")) return;
  std::vector<std::string> workers;
  for (const Role& role : roles_of(scenario)) {
    if (role.data_slice >= 0) workers.push_back(role.name);
  }
  for (const auto& [name, factor] : scenario.training->stragglers) {
    if (std::find(workers.begin(), workers.end(), name) != workers.end()) continue;
    judge.add(fmt::format("/training/stragglers/{}", name), fmt::format("\"{}\" is no worker that trains", name),
              suggestion(name, workers));
  }
}

}  // namespace

void judge_cost(const Scenario& scenario, Judge& judge) {
  const Training& training = *scenario.training;
  if (judge.unread_within("/training/device")) return;
  if (training.computes()) {
    judge_computing(training, judge);
    judge_precision(training, judge);
    return;
  }
  const auto meaningless = [&](bool given, const char* key, const char* why) {
    if (given) judge.add(fmt::format("/training/{}", key), why, "leave it out, or choose another \"device\"");
  };
  constexpr const char* kNoData = "device \"model\" has no data";
  const Training left_out;
  meaningless(training.model != left_out.model, "model", "device \"model\" has a profile, and no model");
  meaningless(training.dataset != left_out.dataset, "dataset", kNoData);
  meaningless(training.data_dir.has_value(), "data_dir", kNoData);
  meaningless(training.context.has_value(), "context", kNoData);
  meaningless(training.split_by_class, "split_by_class", kNoData);
  meaningless(training.split.has_value(), "split", kNoData);
  meaningless(training.dirichlet_alpha.has_value(), "dirichlet_alpha", kNoData);
  meaningless(training.augment != left_out.augment, "augment", kNoData);
  constexpr const char* kNoGradient = "device \"model\" has no gradient that could be clipped";
  meaningless(training.optimizer.clip_norm.has_value(), "optimizer/clip_norm", kNoGradient);
  meaningless(training.optimizer.clip_value.has_value(), "optimizer/clip_value", kNoGradient);
  meaningless(training.precision != left_out.precision, "precision", "device \"model\" computes nothing");
  meaningless(training.checkpoint.has_value(), "checkpoint", "device \"model\" has no parameters to keep");
  meaningless(training.epochs.has_value(), "epochs", "device \"model\" has no data, and so no epochs");
  meaningless(training.evaluate_every > 0, "evaluate_every", "device \"model\" has nothing to evaluate");
  meaningless(training.flow.dgt && training.flow.dgt->adaptive_k, "flow/dgt/adaptive_k",
              "device \"model\" has no loss that the share could fall with");
  if (!training.profile && !judge.unread_within("/training/profile")) {
    judge.add("/training/profile", "device \"model\" computes by a profile, and there is none",
              "for example \"profile\": \"resnet50\"");
  }
  if (!training.rounds && !training.epochs && !judge.unread_within("/training/rounds")) {
    judge.add("/training/rounds", "device \"model\" has no data, so that it needs a number of rounds",
              "for example \"rounds\": 100");
  }
  judge_stragglers(scenario, judge);
}

}  // namespace geomx::scenario
