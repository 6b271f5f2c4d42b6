#include "ps/sync/fsa.h"

#include <algorithm>
#include <string>

#include "ps/config/error.h"
#include "ps/sync/sum.h"

namespace geomx::ps {

Fsa::Fsa(std::uint32_t workers, std::size_t length) : workers_(workers), sums_(length) {}

void Fsa::open(std::uint64_t round) {
  round_ = round;
  open_ = true;
}

bool Fsa::add(Addend addend) {
  if (!open_ || addend.round != round_) {
    throw Error("a gradient of round " + std::to_string(addend.round) + ", where round " + std::to_string(round_) +
                (open_ ? " is open" : " is closing"));
  }
  if (addend.workers == 0) throw Error("a gradient of no worker");
  for (const Addend& other : addends_) {
    if (other.contributor == addend.contributor) {
      throw Error("a second gradient of round " + std::to_string(round_) + " from the same sender");
    }
  }
  if (addend.workers > workers_ - arrived_) {
    throw Error("gradients of " + std::to_string(std::uint64_t{arrived_} + addend.workers) + " workers, where " +
                std::to_string(workers_) + " train");
  }
  arrived_ += addend.workers;
  addends_.push_back(std::move(addend));
  return arrived_ == workers_;
}

Sum Fsa::close() {
  std::sort(addends_.begin(), addends_.end(),
            [](const Addend& a, const Addend& b) { return a.contributor < b.contributor; });
  Sum sum{round_, arrived_, static_cast<std::uint32_t>(addends_.size()), addends_.back().contributor, {}};
  if (addends_.size() == 1) {
    sum.values = unpack(addends_.front().values, sums_);
  } else {
    const std::shared_ptr<float> array = sums_.take();
    const std::span<float> total(array.get(), sums_.length());
    const Encoded& first = addends_[0].values;
    const Encoded& second = addends_[1].values;
    std::size_t next = 2;
    if (first.format == Format::fp32 && second.format == Format::fp32) {  // in one pass
      add_arrays(first.bytes.as<float>(), second.bytes.as<float>(), total);
    } else {
      decode(first.format, first.span(), total);
      next = 1;
    }
    for (; next < addends_.size(); ++next) ps::add(addends_[next].values.format, addends_[next].values.span(), total);
    sum.values = sums_.freeze(array);
  }
  addends_.clear();
  arrived_ = 0;
  open_ = false;
  return sum;
}

}  // namespace geomx::ps
