#include "ps/server/entry.h"

#include <utility>

#include "ps/config/error.h"

namespace geomx::ps {

Entry::Entry(const Chunk& chunk, std::unique_ptr<Gathering> gathering)
    : chunk_(chunk), gathering_(std::move(gathering)) {}

Entry::Pulled Entry::pull(const Asker& asker) {
  const std::lock_guard lock(mutex_);
  if (!closed_.empty()) throw Error(closed_);
  if (auto content = backing_->value(asker.contributor()); content && has_value_) {
    return {.value = Value{gathering_->closed(asker.contributor()), *std::move(content)}, .fetch = false};
  }
  pulling_.push_back(asker);
  return {.value = std::nullopt, .fetch = !std::exchange(fetching_, true)};
}

std::optional<Sum> Entry::push(const Asker& asker, Addend addend) {
  const std::lock_guard lock(mutex_);
  if (!closed_.empty()) throw Error(closed_);
  const std::uint64_t round = addend.round;
  const bool complete = gathering_->add(std::move(addend));
  open_.round = round;
  open_.arrived.push_back(asker);
  if (!complete) return std::nullopt;
  pushed_ = std::exchange(open_, {}).arrived;
  return gathering_->close();
}

Entry::Open Entry::open_round() {
  const std::lock_guard lock(mutex_);
  return open_;
}

Entry::Told Entry::update(const Backing::News& news) {
  const std::lock_guard lock(mutex_);
  Told told;
  if (!news.pulled) {
    told.askers = std::exchange(pushed_, {});
    told.rounds.assign(told.askers.size(), news.round);
    gathering_->open(news.round + 1);
    return told;
  }
  fetching_ = false;
  if (!has_value_.exchange(true)) gathering_->open(news.round + 1);
  told.askers = std::exchange(pulling_, {});
  for (const Asker& asker : told.askers) told.rounds.push_back(gathering_->closed(asker.contributor()));
  return told;
}

std::vector<Asker> Entry::close(const std::string& why) {
  const std::lock_guard lock(mutex_);
  closed_ = why;
  std::vector<Asker> waiting = std::exchange(pulling_, {});
  for (std::vector<Asker>* some : {&pushed_, &open_.arrived}) {
    waiting.insert(waiting.end(), some->begin(), some->end());
    some->clear();
  }
  return waiting;
}

bool conflicts(const Chunk& a, const Chunk& b) {
  if (a.key != b.key || a == b) return false;
  if (a.total != b.total) return true;
  return a.offset < b.offset + b.length && b.offset < a.offset + a.length;
}

std::string conflict_in_words(const Chunk& asked, const Chunk& held) {
  if (asked.total != held.total) {
    return "tensor " + std::to_string(asked.key) + " has " + std::to_string(held.total) + " elements, not " +
           std::to_string(asked.total);
  }
  return "tensor " + std::to_string(asked.key) + " is held in chunks of " + std::to_string(held.length) +
         " elements, not " + std::to_string(asked.length) +
         ": MXNET_KVSTORE_BIGARRAY_BOUND differs from the master worker's";
}

}  // namespace geomx::ps
