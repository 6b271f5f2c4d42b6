#include "ps/server/entry.h"

#include <algorithm>
#include <utility>

#include "ps/config/error.h"

namespace geomx::ps {

namespace {

auto find(std::vector<Asker>& askers, std::uint64_t contributor) {
  return std::find_if(askers.begin(), askers.end(),
                      [&](const Asker& asker) { return asker.contributor() == contributor; });
}

}  // namespace

Entry::Entry(const Chunk& chunk, std::unique_ptr<Gathering> gathering, bool recovers)
    : chunk_(chunk), recovers_(recovers), gathering_(std::move(gathering)) {}

Entry::Outcome Entry::pull(const Asker& asker, std::uint64_t wanted) {
  const std::lock_guard lock(mutex_);
  if (!closed_.empty()) throw Error(closed_);
  Outcome outcome;
  if (wanted > 0 && has_value_) {
    if (gathering_->waits_from(asker.contributor()) <= wanted && gathering_->excuse(asker.contributor(), wanted + 1)) {
      outcome.sum = close_round();
    }
    wait_for(asker, wanted, outcome);
    return outcome;
  }
  if (auto content = backing_->value(asker.contributor()); content && has_value_) {
    const std::uint64_t round = gathering_->closed(asker.contributor());
    outcome.replies.push_back({asker, {round, *std::move(content), round}, true});
    return outcome;
  }
  pulling_.push_back(asker);
  outcome.fetch = !std::exchange(fetching_, true);
  return outcome;
}

Entry::Outcome Entry::push(const Asker& asker, Addend addend, bool renewed) {
  const std::lock_guard lock(mutex_);
  if (!closed_.empty()) throw Error(closed_);
  Outcome outcome;
  Push push{asker, std::move(addend)};
  const std::uint64_t round = push.addend.round;
  if (recovers_ && !has_value_) {
    held_.push_back(std::move(push));
    outcome.fetch = !std::exchange(fetching_, true);
    return outcome;
  }
  const std::uint64_t from = gathering_->waits_from(asker.contributor());
  if (round < from && push.addend.summed.empty()) {
    // It comes too late to be part of its round; what it brings of others does not.
    wait_for(asker, from - 1, outcome);
    return outcome;
  }
  if (answer_again(push, renewed, outcome)) return outcome;
  if (recovers_ && closings_ == 0 && round > gathering_->closed(asker.contributor()) + 1) pass_over(round, outcome);
  const bool complete = gathering_->add(std::move(push.addend));
  open_.round = round;
  open_.arrived.push_back(asker);
  if (complete) outcome.sum = close_round();
  return outcome;
}

Entry::Outcome Entry::excuse(std::uint64_t contributor, std::uint64_t until) {
  const std::lock_guard lock(mutex_);
  Outcome outcome;
  if (gathering_->excuse(contributor, until) && closed_.empty()) outcome.sum = close_round();
  return outcome;
}

Sum Entry::close_round() {
  pushed_ = std::exchange(open_, {});
  return gathering_->close();
}

std::optional<Entry::Value> Entry::value_now(std::uint64_t contributor, std::uint64_t round) {
  const auto content = backing_->value(contributor);
  return content ? std::optional(Value{round, *content, round}) : std::nullopt;
}

void Entry::wait_for(const Asker& asker, std::uint64_t wanted, Outcome& outcome) {
  if (gathering_->closed(asker.contributor()) >= wanted) {
    if (auto value = value_now(asker.contributor(), wanted)) {
      outcome.replies.push_back({asker, *std::move(value), true});
      return;
    }
  }
  waiting_.push_back({asker, wanted});
}

// Where the push has been here before.
bool Entry::answer_again(const Push& push, bool renewed, Outcome& outcome) {
  const Asker& asker = push.asker;
  const std::uint64_t contributor = asker.contributor();
  const std::uint64_t round = push.addend.round;
  const auto same = [&](std::uint64_t request) { return renewed || (!asker.local && request == asker.request); };
  for (Open* open : {&open_, &pushed_}) {
    const auto before = find(open->arrived, contributor);
    if (open->round != round || before == open->arrived.end() || !same(before->request)) continue;
    *before = asker;
    // A sum with what it has sent alone is more than that.
    if (open != &open_ || push.addend.summed.empty()) return true;
    open->arrived.erase(before);
  }
  const auto last = last_.find(contributor);
  if (last != last_.end() && last->second.value.round == round && same(last->second.request)) {
    outcome.replies.push_back({asker, last->second.value, false});
    return true;
  }
  if (renewed && pushed_.round == round && !pushed_.arrived.empty()) {  // it is in the sum of another one
    pushed_.arrived.push_back(asker);
    return true;
  }
  if (!renewed || round > gathering_->closed(contributor)) return false;
  if (last_round_ && last_round_->round == round && gathering_->closed(contributor) == round) {
    outcome.replies.push_back({asker, *last_round_, false});
    return true;
  }
  auto value = value_now(contributor, round);
  if (!value) throw Error("the answer of round " + std::to_string(round) + " is not here any more");
  outcome.replies.push_back({asker, *std::move(value), true});
  return true;
}

// To a round of which those who have pushed to an earlier one know nothing.
void Entry::pass_over(std::uint64_t round, Outcome& outcome) {
  for (const Asker& asker : open_.arrived) {
    if (auto value = value_now(asker.contributor(), open_.round)) outcome.replies.push_back({asker, *value, true});
  }
  open_ = {};
  gathering_->open(round);
}

std::uint64_t Entry::closings() {
  const std::lock_guard lock(mutex_);
  return closings_;
}

proto::ChunkState Entry::save() {
  const std::lock_guard lock(mutex_);
  proto::ChunkState state;
  state.set_key(chunk_.key);
  state.set_offset(chunk_.offset);
  state.set_length(chunk_.length);
  state.set_total(chunk_.total);
  state.set_closings(closings_);
  gathering_->save(state);
  backing_->save(state);
  std::map<const void*, proto::LastAnswer*> by_content;  // mostly, one answer was given to all
  for (const auto& [contributor, answered] : last_) {
    const Encoded& content = answered.value.content;
    proto::LastAnswer*& last = by_content[content.bytes.data()];
    if (last == nullptr) {
      last = state.add_last_answers();
      last->set_round(answered.value.round);
      last->set_format(static_cast<std::uint32_t>(content.format));
      last->set_content(content.bytes.data(), content.bytes.size());
    }
    last->add_contributors(contributor);
  }
  return state;
}

void Entry::restore(const proto::ChunkState& state) {
  const std::lock_guard lock(mutex_);
  backing_->restore(state);
  gathering_->restore(state);
  closings_ = state.closings();
  for (const proto::LastAnswer& last : state.last_answers()) {
    const Value value{
        last.round(),
        {static_cast<Format>(last.format()), Buffer::copy_of(last.content().data(), last.content().size())},
        kDurable};
    for (const std::uint64_t contributor : last.contributors()) last_[contributor] = {0, value};
  }
  has_value_ = true;
}

Entry::Open Entry::open_round() {
  const std::lock_guard lock(mutex_);
  return open_;
}

bool Entry::has(std::uint64_t contributor) {
  const std::lock_guard lock(mutex_);
  return gathering_->has(contributor);
}

bool Entry::waits_for_backing() {
  const std::lock_guard lock(mutex_);
  return !has_value_ || fetching_ || !pushed_.arrived.empty();
}

std::uint64_t Entry::current_round() {
  const std::lock_guard lock(mutex_);
  return has_value_ ? gathering_->closed(0) + 1 : 0;
}

Entry::Outcome Entry::update(const Backing::News& news) {
  const std::lock_guard lock(mutex_);
  Outcome outcome;
  if (news.pulled) {
    fetching_ = false;
    if (!has_value_.exchange(true)) gathering_->open(news.round + 1);
    for (const Asker& asker : std::exchange(pulling_, {})) {
      const std::uint64_t round = gathering_->closed(asker.contributor());
      outcome.replies.push_back({asker, {round, news.content, round}, true});
    }
    outcome.held = std::exchange(held_, {});
    return outcome;
  }
  const Value value{news.round, news.content, news.durable};
  last_round_ = value;
  for (const Asker& asker : std::exchange(pushed_, {}).arrived) {
    last_[asker.contributor()] = {asker.request, value};
    outcome.replies.push_back({asker, value, false});
  }
  ++closings_;
  gathering_->open(news.round + 1);
  for (const Waiting& late : std::exchange(waiting_, {})) wait_for(late.asker, late.wanted, outcome);
  return outcome;
}

std::vector<Asker> Entry::close(const std::string& why) {
  const std::lock_guard lock(mutex_);
  closed_ = why;
  std::vector<Asker> waiting = std::exchange(pulling_, {});
  for (Open* some : {&pushed_, &open_}) {
    waiting.insert(waiting.end(), some->arrived.begin(), some->arrived.end());
    *some = {};
  }
  for (const Waiting& late : std::exchange(waiting_, {})) waiting.push_back(late.asker);
  for (const Push& push : std::exchange(held_, {})) waiting.push_back(push.asker);
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
