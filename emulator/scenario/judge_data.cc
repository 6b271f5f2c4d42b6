// What the workers train on, and how it is dealt out among them.
#include <fmt/format.h>

#include <algorithm>

#include "emulator/scenario/judge.h"

namespace geomx::scenario {
namespace {

// Every worker's share of the training set is the same, and a batch is taken from one share.
void judge_batch_size(const Training& training, Judge& judge) {
  const auto samples = training_samples(training.dataset);
  if (!samples || training.data_dir || judge.problem_within("/training/parties")) return;
  int workers = 0;
  for (const Party& party : training.parties) workers += party.workers;
  const int share = *samples / std::max(workers, 1);
  if (training.batch_size <= share) return;
  judge.add("/training/batch_size",
            fmt::format("a batch of {} is more than the {} samples of each of {} workers", training.batch_size, share,
                        workers),
            "make it smaller, or train with fewer workers");
}

// What a file describes is seen by the workers.
void judge_model(const Training& training, Judge& judge) {
  if (judge.unread_within("/training/model") || judge.unread_within("/training/dataset")) return;
  if (training.model.ends_with(".json")) return;
  const bool is_text = training.dataset == "text";
  if ((training.model == "gpt") == is_text) return;
  judge.add("/training/model",
            fmt::format("{} reads {}, and {} is {}", training.model, is_text ? "images" : "text", training.dataset,
                        is_text ? "text" : "images"),
            is_text ? "set it to \"gpt\"" : "set \"dataset\" to \"text\", or take another model");
}

void judge_split(const Training& training, Judge& judge) {
  const bool is_text = training.dataset == "text";
  if (training.context && !is_text && !judge.unread_within("/training/dataset")) {
    judge.add("/training/context", fmt::format("\"{}\" is images", training.dataset), "it belongs to \"text\"");
  }
  if (training.split && training.split_by_class) {
    judge.add("/training/split_by_class", "both \"split\" and \"split_by_class\" are given", "remove one of them");
  }
  if (training.dirichlet_alpha && training.split != "dirichlet" && !judge.unread_within("/training/split")) {
    judge.add("/training/dirichlet_alpha", "nothing is drawn from a Dirichlet distribution",
              "it belongs to \"split\": \"dirichlet\"");
  }
  const bool by_label = training.split_by_class || training.split.value_or("contiguous") != "contiguous";
  if (is_text && training.augment != "none") {
    judge.add("/training/augment", "a text cannot be mirrored and moved", "leave it out");
  }
  if (is_text && by_label) {
    judge.add(training.split ? "/training/split" : "/training/split_by_class",
              "a text has no classes by which it could be dealt out", "leave it out");
  }
}

}  // namespace

void judge_data(const Training& training, Judge& judge) {
  judge_batch_size(training, judge);
  judge_model(training, judge);
  judge_split(training, judge);
}

}  // namespace geomx::scenario
