#include "ps/sync/fsa.h"

#include <algorithm>
#include <set>
#include <string>

#include "ps/config/error.h"
#include "ps/sync/sum.h"

namespace geomx::ps {

Fsa::Fsa(std::uint32_t workers, std::size_t length) : workers_(workers), sums_(length) {}

void Fsa::open(std::uint64_t round) {
  round_ = round;
  open_ = true;
  addends_.clear();
  arrived_ = absent_ = 0;
}

bool Fsa::excuse(std::uint64_t contributor, std::uint64_t until) {
  excused_[contributor] = until;
  return open_ && complete();
}

std::uint64_t Fsa::waits_from(std::uint64_t contributor) const {
  const auto found = excused_.find(contributor);
  return found == excused_.end() ? 0 : found->second;
}

bool Fsa::has(std::uint64_t contributor) const {
  return std::ranges::any_of(addends_, [&](const Addend& addend) { return addend.has(contributor); });
}

bool Fsa::complete() const {
  if (addends_.empty()) return false;
  std::uint32_t away = 0;
  for (const auto& [contributor, until] : excused_) {
    if (round_ < until && !has(contributor)) ++away;
  }
  return arrived_ + absent_ + away >= workers_;
}

// Makes room for a sum that has in it what is here. True where the addend is in one that is here.
bool Fsa::settle_overlap(const Addend& addend) {
  const auto whose = [](const Addend& one) {
    return one.summed.empty() ? std::set<std::uint64_t>{one.contributor} : one.summed;
  };
  const std::set<std::uint64_t> mine = whose(addend);
  for (const Addend& other : addends_) {
    const std::set<std::uint64_t> theirs = whose(other);
    if (addend.summed.empty() && other.summed.empty() && mine == theirs) {
      throw Error("a second gradient of round " + std::to_string(round_) + " from the same sender");
    }
    if (std::ranges::includes(theirs, mine)) return true;
    if (std::ranges::includes(mine, theirs)) continue;
    if (std::ranges::any_of(mine, [&](std::uint64_t who) { return theirs.contains(who); })) {
      throw Error("a sum of round " + std::to_string(round_) + " that has some gradients in common with another one");
    }
  }
  std::erase_if(addends_, [&](const Addend& other) {
    if (!addend.has(*whose(other).begin())) return false;
    arrived_ -= other.workers;
    absent_ -= other.absent;
    return true;
  });
  return false;
}

bool Fsa::add(Addend addend) {
  if (!open_ || addend.round != round_) {
    throw Error("a gradient of round " + std::to_string(addend.round) + ", where round " + std::to_string(round_) +
                (open_ ? " is open" : " is closing"));
  }
  if (addend.workers == 0) throw Error("a gradient of no worker");
  if (settle_overlap(addend)) return complete();
  const std::uint64_t all = std::uint64_t{arrived_} + absent_ + addend.workers + addend.absent;
  if (all > workers_) {
    throw Error("gradients of " + std::to_string(all) + " workers, where " + std::to_string(workers_) + " train");
  }
  arrived_ += addend.workers;
  absent_ += addend.absent;
  addends_.push_back(std::move(addend));
  return complete();
}

Sum Fsa::close() {
  std::sort(addends_.begin(), addends_.end(),
            [](const Addend& a, const Addend& b) { return a.contributor < b.contributor; });
  Sum sum{
      .round = round_, .workers = arrived_, .absent = workers_ - arrived_, .contributor = addends_.back().contributor};
  for (const Addend& addend : addends_) sum.contributors += addend.contributors;
  const bool plain = std::all_of(addends_.begin(), addends_.end(),
                                 [](const Addend& addend) { return addend.values.format == Format::fp32; });
  bool finite = true;
  if (addends_.size() == 1) {
    sum.values = unpack(addends_.front().values, sums_);
    finite = all_finite(sum.values.as<float>());
  } else {
    const std::shared_ptr<float> array = sums_.take();
    const std::span<float> total(array.get(), sums_.length());
    if (plain) {
      std::vector<const float*> in_order;
      for (const Addend& addend : addends_) in_order.push_back(static_cast<const float*>(addend.values.bytes.data()));
      finite = sum_arrays(in_order, total);
    } else {
      decode(addends_[0].values.format, addends_[0].values.span(), total);
      for (std::size_t i = 1; i < addends_.size(); ++i) {
        ps::add(addends_[i].values.format, addends_[i].values.span(), total);
      }
      finite = all_finite(total);
    }
    sum.values = sums_.freeze(array);
  }
  if (!finite) {
    const auto bad = std::find_if(addends_.begin(), addends_.end(), [](const Addend& addend) {
      return !ps::all_finite(addend.values.format, addend.values.span());
    });
    sum.diverged = bad == addends_.end() ? addends_.back().contributor : bad->contributor;
  }
  addends_.clear();
  arrived_ = absent_ = 0;
  open_ = false;
  return sum;
}

}  // namespace geomx::ps
