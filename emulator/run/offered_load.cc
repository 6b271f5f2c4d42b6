#include "emulator/run/offered_load.h"

#include <algorithm>
#include <string>

#include "emulator/scenario/profile.h"
#include "emulator/scenario/roles.h"

namespace geomx::run {
namespace {

using scenario::Party;
using scenario::Scenario;
using scenario::Training;

constexpr double kFloat = 4;          // bytes
constexpr double kChunk = 512 << 10;  // bytes: the longest message (ps/worker/partition.h)
// What a server holds of each parameter, in floats, as VGG-16 has shown: 1.6 for a party's server, 2.1 for a global one
// with plain sgd, whose optimizers may keep one or two arrays more.
constexpr double kFloatsOfPartyServer = 1.6;
constexpr double kFloatsOfGlobalServer = 2.1;

// The two directions of an exchange, in bytes per parameter.
struct PerParameter {
  double up;
  double down;
  double both() const { return up + down; }
};

PerParameter within_party(const scenario::Codec& codec) {
  if (codec.name == "fp16" || codec.name == "bf16") return {kFloat / 2, kFloat / 2};
  if (codec.name == "2bit") return {kFloat / 16, kFloat};
  return {kFloat, kFloat};
}

PerParameter between_parties(const scenario::Codec& codec) {
  if (codec.name != "bisparse" && codec.name != "mpq") return within_party(codec);
  constexpr double kUsualRatio = 0.01;
  const double share = 2 * codec.ratio.value_or(kUsualRatio);  // a value and its index
  return {std::min(1.0, share) * kFloat, std::min(1.0, share) * kFloat};
}

double steps_of_round(const scenario::Sync& sync) {
  if (sync.name == "hfa") return sync.k1.value_or(20);
  if (sync.name == "diloco") return sync.local_steps.value_or(100);
  return 1;
}

double party_rounds_of_global_one(const scenario::Sync& sync) {
  if (sync.name == "hfa") return sync.k2.value_or(10);
  return sync.name == "diloco" ? sync.k2.value_or(1) : 1;
}

// What all links that end in a data center carry together, one way; nothing where one of them has no rate.
std::optional<double> bytes_per_second(const Scenario& scenario, const std::string& datacenter, bool outwards) {
  double sum = 0;
  for (const scenario::Link& link : scenario.topology.links) {
    for (int end = 0; end < 2; ++end) {
      if (link.ends[end] != datacenter) continue;
      const scenario::LinkProperties& way = (end == 0) == outwards ? link.forward : link.backward;
      if (!way.rate) return std::nullopt;
      sum += static_cast<double>(way.rate->value) / 8;
    }
  }
  return sum > 0 ? std::optional(sum) : std::nullopt;
}

double optimizer_floats(const Training& training) {
  if (training.optimizer.name == "sgd") return training.optimizer.momentum != 0 ? 1 : 0;
  return 2;
}

}  // namespace

std::optional<OfferedLoad> offered_load(const Scenario& scenario) {
  if (!scenario.training || scenario.training->computes()) return std::nullopt;
  const Training& training = *scenario.training;
  const scenario::ProfileSums sums = scenario::profile_sums(training.profile.value());
  const auto elements = static_cast<double>(sums.elements);
  const bool flat = scenario::is_flat(training);
  const PerParameter lan = within_party(training.codec);
  const PerParameter wan = between_parties(training.codec);
  const double global_rounds = 1 / party_rounds_of_global_one(training.sync);
  const double messages = 2 * (static_cast<double>(sums.tensors) + elements * kFloat / kChunk);  // of an exchange

  OfferedLoad load;
  const scenario::StepSeconds step = scenario::step_seconds(training);
  const bool all_wait_for_all = training.sync.name != "mixed";
  load.round_seconds = steps_of_round(training.sync) * (all_wait_for_all ? step.longest : step.usual);
  double memory = 0;
  for (const Party& party : training.parties) {
    const double workers = party.workers;
    const bool has_server = party.global_servers == 0 && !flat;
    const double exchanges = has_server ? global_rounds : 0;
    load.bytes += elements * (workers * lan.both() + exchanges * wan.both());
    load.messages += messages * (workers + exchanges);
    memory += has_server ? kFloatsOfPartyServer : 0;
    if (party.global_servers > 0) {
      memory += kFloatsOfGlobalServer + optimizer_floats(training);
      continue;
    }
    const PerParameter crossing = has_server ? wan : lan;
    const double times = has_server ? global_rounds : workers;
    const auto out = bytes_per_second(scenario, party.datacenter, true);
    const auto in = bytes_per_second(scenario, party.datacenter, false);
    if (out) load.round_seconds = std::max(load.round_seconds, times * elements * crossing.up / *out);
    if (in) load.round_seconds = std::max(load.round_seconds, times * elements * crossing.down / *in);
  }
  load.server_memory = static_cast<std::uint64_t>(memory * elements * kFloat);
  return load;
}

}  // namespace geomx::run
