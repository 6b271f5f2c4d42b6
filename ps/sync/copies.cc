#include "ps/sync/copies.h"

#include <algorithm>
#include <span>

#include "ps/optim/saved_array.h"

namespace geomx::ps {

const Buffer& Copies::of(std::uint64_t party) const {
  const auto found = copies_.find(party);
  return found == copies_.end() ? first_ : found->second;
}

Encoded Copies::catch_up(std::uint64_t party, const Buffer& weights, Packer& packer) {
  const Buffer& copy = of(party);
  const std::shared_ptr<float> array = arrays_.take();
  const std::span<const float> wanted = weights.as<float>();
  const std::span<const float> there = copy.as<float>();
  for (std::size_t i = 0; i < wanted.size(); ++i) array.get()[i] = wanted[i] - there[i];
  const Encoded difference = packer.pack(arrays_.freeze(array));
  set(party, caught_up(copy, difference, arrays_));
  return difference;
}

Buffer Copies::caught_up(const Buffer& copy, const Encoded& difference, ArrayPool& arrays) {
  std::shared_ptr<float> array = arrays.take();
  const std::span<float> values(array.get(), arrays.length());
  const std::span<const float> before = copy.as<float>();
  std::copy(before.begin(), before.end(), values.begin());
  add(difference.format, difference.span(), values);
  return arrays.freeze(std::move(array));
}

void Copies::save(proto::ChunkState& state) const {
  state.set_first_copy(saved(first_.as<float>()));
  for (const auto& [party, values] : copies_) {
    proto::Copy& copy = *state.add_copies();
    copy.set_contributor(party);
    copy.set_values(saved(values.as<float>()));
  }
}

void Copies::restore(const proto::ChunkState& state) {
  first_ = restored(state.first_copy(), arrays_);
  for (const proto::Copy& copy : state.copies()) copies_[copy.contributor()] = restored(copy.values(), arrays_);
}

Buffer restored(const std::string& bytes, ArrayPool& arrays) {
  std::shared_ptr<float> array = arrays.take();
  load(bytes, {array.get(), arrays.length()});
  return arrays.freeze(std::move(array));
}

}  // namespace geomx::ps
