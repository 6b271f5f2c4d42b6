#include "ps/sync/party_step.h"

#include <span>
#include <utility>
#include <vector>

#include "ps/sync/array_pool.h"

namespace geomx::ps {
namespace {

class Relay : public PartyStep {
 public:
  Outcome close(const Sum& sum) override { return {.up = sum.values}; }
  void receive(const Buffer&) override {}
};

// What has been learnt since the milestone is kept by itself, so that nothing of it is rounded away beside weights that
// are larger, and what goes up is exactly the sum of the means.
class Hfa : public PartyStep {
 public:
  Hfa(long party_rounds, std::uint64_t last_round, std::size_t length)
      : party_rounds_(static_cast<std::uint64_t>(party_rounds)),
        last_round_(last_round),
        arrays_(length),
        learnt_(length) {}

  Outcome close(const Sum& sum) override {
    const float share = 1.0F / static_cast<float>(sum.workers);
    const std::span<const float> sums = sum.values.as<float>();
    for (std::size_t i = 0; i < learnt_.size(); ++i) learnt_[i] += share * sums[i];
    const std::shared_ptr<float> array = arrays_.take();
    if (sum.round % party_rounds_ == 0 || sum.round == last_round_) {
      for (std::size_t i = 0; i < learnt_.size(); ++i) array.get()[i] = learnt_[i];
      return {.up = arrays_.freeze(array)};
    }
    const std::span<const float> milestone = milestone_.as<float>();
    for (std::size_t i = 0; i < learnt_.size(); ++i) array.get()[i] = milestone[i] + learnt_[i];
    return {.value = arrays_.freeze(array)};
  }

  void receive(const Buffer& value) override {
    milestone_ = value;
    learnt_.assign(learnt_.size(), 0.0F);
  }

 private:
  const std::uint64_t party_rounds_;
  const std::uint64_t last_round_;
  ArrayPool arrays_;
  Buffer milestone_;
  std::vector<float> learnt_;
};

}  // namespace

std::unique_ptr<PartyStep> make_party_step(const SyncConfig& sync, std::uint64_t last_round, std::size_t length) {
  if (sync.name != SyncName::hfa && sync.name != SyncName::diloco) return std::make_unique<Relay>();
  return std::make_unique<Hfa>(sync.party_rounds, last_round, length);
}

}  // namespace geomx::ps
