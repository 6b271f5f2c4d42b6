#include "ps/server/entry.h"

#include <utility>

#include "ps/config/error.h"

namespace geomx::ps {

Entry::Entry(const Chunk& chunk, std::uint32_t round_workers) : chunk_(chunk), fsa_(round_workers, chunk.length) {}

Entry::Pulled Entry::pull(const Asker& asker) {
  const std::lock_guard lock(mutex_);
  if (!closed_.empty()) throw Error(closed_);
  if (has_value_) return {.news = news_, .fetch = false};
  waiting_.push_back(asker);
  return {.news = std::nullopt, .fetch = !std::exchange(fetching_, true)};
}

std::optional<Fsa::Sum> Entry::push(const Asker& asker, std::uint64_t round, std::uint32_t workers, Buffer gradient) {
  const std::lock_guard lock(mutex_);
  if (!closed_.empty()) throw Error(closed_);
  const bool complete =
      fsa_.add({.contributor = asker.contributor(), .round = round, .workers = workers, .values = std::move(gradient)});
  waiting_.push_back(asker);
  open_.round = round;
  open_.arrived.push_back(asker);
  if (!complete) return std::nullopt;
  open_ = {};
  return fsa_.close();
}

Entry::Open Entry::open_round() {
  const std::lock_guard lock(mutex_);
  return open_;
}

std::vector<Asker> Entry::update(const News& news) {
  const std::lock_guard lock(mutex_);
  news_ = news;
  has_value_ = true;
  fsa_.open(news.round + 1);
  return std::exchange(waiting_, {});
}

std::vector<Asker> Entry::close(const std::string& why) {
  const std::lock_guard lock(mutex_);
  closed_ = why;
  return std::exchange(waiting_, {});
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
