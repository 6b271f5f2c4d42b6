#include "ps/sync/mixed.h"

#include <string>
#include <utility>

#include "ps/config/error.h"
#include "ps/sync/sum.h"

namespace geomx::ps {

Mixed::Mixed(std::size_t length) : arrays_(length) {}

void Mixed::open(std::uint64_t round) {
  if (!open_) first_ = round;
  open_ = true;
}

bool Mixed::add(Addend addend) {
  const std::uint64_t wanted = closed(addend.contributor) + 1;
  if (!open_ || addend.round != wanted) {
    throw Error("a gradient of round " + std::to_string(addend.round) + ", where " +
                (open_ ? "round " + std::to_string(wanted) + " of its sender is open" : "there is no value yet"));
  }
  if (addend.workers == 0) throw Error("a gradient of no worker");
  addend_ = std::move(addend);
  return true;
}

Sum Mixed::close() {
  const Addend addend = *std::exchange(addend_, std::nullopt);
  rounds_[addend.contributor] = addend.round;
  Sum sum{.round = addend.round,
          .workers = addend.workers,
          .absent = addend.absent,
          .contributors = 1,
          .contributor = addend.contributor,
          .values = unpack(addend.values, arrays_)};
  if (!all_finite(sum.values.as<float>())) sum.diverged = addend.contributor;
  return sum;
}

std::uint64_t Mixed::closed(std::uint64_t contributor) const {
  const auto found = rounds_.find(contributor);
  return found == rounds_.end() ? first_ - 1 : found->second;
}

void Mixed::save(proto::ChunkState& state) const {
  state.set_round(first_ - 1);
  for (const auto& [contributor, round] : rounds_) {
    proto::OwnRound& own = *state.add_own_rounds();
    own.set_contributor(contributor);
    own.set_round(round);
  }
}

void Mixed::restore(const proto::ChunkState& state) {
  for (const proto::OwnRound& own : state.own_rounds()) rounds_[own.contributor()] = own.round();
  first_ = state.round() + 1;
  open_ = true;
}

}  // namespace geomx::ps
