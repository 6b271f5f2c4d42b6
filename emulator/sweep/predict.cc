#include "emulator/sweep/predict.h"

#include <algorithm>

#include "emulator/scenario/profile.h"

namespace geomx::sweep {
namespace {

using scenario::Training;

constexpr double kBitsPerByte = 8;
constexpr double kBytesPerElement = 4;
// Of an Ethernet frame of 1514 bytes: less the headers of Ethernet, IP and TCP with timestamps.
constexpr double kPayload = 1448.0 / 1514;
// A large tensor travels in messages of so many elements: one is summed while the next is on its way.
constexpr double kMessageElements = 131'072;
// Of BBR while it has not seen a full pipe: 2 / ln 2.
constexpr double kPacingGain = 2.885;
// What TCP sends before the first answer: ten segments (RFC 6928).
constexpr double kFirstWindow = 10 * 1448;
// The parameter server's defaults, docs/algorithms.md.
constexpr int kHfaSteps = 20;
constexpr int kHfaPartyRounds = 10;
constexpr int kDilocoSteps = 100;

struct Exchange {
  double up = 0;    // bytes of a party
  double down = 0;  // likewise
};

std::optional<Exchange> bytes_of(const Training& training) {
  const auto elements = static_cast<double>(scenario::profile_sums(*training.profile).elements);
  const double whole = kBytesPerElement * elements;
  const std::string& codec = training.codec.name;
  if (codec == "none") return Exchange{whole, whole};
  if (codec == "fp16" || codec == "bf16") return Exchange{whole / 2, whole / 2};
  if (codec == "2bit") return Exchange{elements / 4, whole};
  return std::nullopt;
}

// How often parties exchange, and how many steps a round has.
struct Rhythm {
  int steps = 1;
  double share = 1;   // of the rounds after the first
  bool cold = false;  // the first exchange is among these
  double rounds = 1;  // how many they are
};

std::optional<Rhythm> rhythm_of(const Training& training) {
  const scenario::Sync& sync = training.sync;
  if (sync.name == "fsa" || sync.name == "mixed") return Rhythm{};
  const bool hfa = sync.name == "hfa";
  if (!hfa && sync.name != "diloco") return std::nullopt;
  Rhythm rhythm;
  rhythm.steps = hfa ? sync.k1.value_or(kHfaSteps) : sync.local_steps.value_or(kDilocoSteps);
  const int every = sync.k2.value_or(hfa ? kHfaPartyRounds : 1);
  const int rounds = *training.rounds;
  int exchanges = 0;
  for (int round = 2; round <= rounds; ++round) exchanges += round % every == 0 || round == rounds ? 1 : 0;
  rhythm.rounds = std::max(1, rounds - 1);
  rhythm.share = exchanges / rhythm.rounds;
  rhythm.cold = every > 1;
  return rhythm;
}

bool only_rate_and_delay(const scenario::LinkProperties& link) {
  return !link.trace && !link.jitter && !link.loss && !link.gilbert_elliott && !link.duplicate && !link.reorder &&
         !link.corrupt && !link.mtu;
}

double delay_of(const scenario::LinkProperties& link) {
  return link.delay ? std::chrono::duration<double>(*link.delay).count() : 0;
}

// For so many bytes to leave. A paced sender takes at least its share of `paced` for them.
double serialisation(const scenario::LinkProperties& link, double bytes, double share, double paced) {
  const double at_rate = link.rate ? kBitsPerByte * bytes / (static_cast<double>(link.rate->value) * kPayload) : 0;
  return std::max(at_rate, share * paced);
}

// How much longer the first of many exchanges takes: the window doubles with each round trip until it fills the link.
double slow_start(const scenario::LinkProperties& link, double bytes, double round_trip) {
  const double rate = link.rate ? static_cast<double>(link.rate->value) * kPayload / kBitsPerByte : 0;  // bytes/s
  double sent = 0;
  double time = 0;
  for (double window = kFirstWindow; sent + window < bytes && !(rate > 0 && window >= rate * round_trip); window *= 2) {
    sent += window;
    time += round_trip;
  }
  return time - (rate > 0 ? sent / rate : 0);
}

struct Road {
  double usual = 0;       // seconds there and back
  double slow_start = 0;  // more, once; down, it is over when the initial values have come
};

// Between a party and the central data center.
std::optional<Road> road(const scenario::Topology& topology, const std::string& party, const std::string& central,
                         const Exchange& bytes, double message, Sender sender) {
  const scenario::Link* found = nullptr;
  for (const scenario::Link& link : topology.links) {
    if (link.ends[0] != party && link.ends[1] != party) continue;
    const bool direct = link.ends[0] == central || link.ends[1] == central;
    if (found != nullptr || !direct) return std::nullopt;  // there may be another road
    found = &link;
  }
  if (found == nullptr || !only_rate_and_delay(found->forward) || !only_rate_and_delay(found->backward)) {
    return std::nullopt;
  }
  const bool outwards = found->ends[0] == party;
  const scenario::LinkProperties& up = outwards ? found->forward : found->backward;
  const scenario::LinkProperties& down = outwards ? found->backward : found->forward;
  const double round_trip = delay_of(up) + delay_of(down);
  const double paced = sender == Sender::paced ? round_trip / (kPacingGain - 1) : 0;
  const auto there = [&](double share) { return serialisation(up, share * bytes.up, share, paced); };
  const auto back = [&](double share) { return serialisation(down, share * bytes.down, share, paced); };
  return Road{round_trip + std::max(there(1) + back(message), there(message) + back(1)),
              slow_start(up, bytes.up, round_trip)};
}

bool plain(const scenario::Scenario& scenario) {
  const Training& training = *scenario.training;
  const scenario::Flow& flow = training.flow;
  const bool lans = std::any_of(scenario.topology.datacenters.begin(), scenario.topology.datacenters.end(),
                                [](const scenario::Datacenter& each) { return each.lan.shaped(); });
  return !training.computes() && training.profile && training.rounds && training.architecture == "hips" && !flow.p3 &&
         !flow.dgt && !flow.tsengine && training.jitter.value_or(0) == 0 && training.security == "none" &&
         scenario.events.empty() && !lans;
}

}  // namespace

std::optional<double> predicted_round_seconds(const scenario::Scenario& scenario, Sender sender) {
  if (!scenario.training || !plain(scenario)) return std::nullopt;
  const Training& training = *scenario.training;
  const auto central = std::find_if(training.parties.begin(), training.parties.end(),
                                    [](const scenario::Party& party) { return party.global_servers > 0; });
  const std::optional<Exchange> bytes = bytes_of(training);
  const std::optional<Rhythm> rhythm = rhythm_of(training);
  if (!bytes || !rhythm || central == training.parties.end()) return std::nullopt;
  const double message =
      std::min(1.0, kMessageElements / static_cast<double>(scenario::profile_sums(*training.profile).elements));
  double longest = 0;
  double cold = 0;
  for (const scenario::Party& party : training.parties) {
    if (party.datacenter == central->datacenter || party.workers == 0) continue;
    const auto found = road(scenario.topology, party.datacenter, central->datacenter, *bytes, message, sender);
    if (!found) return std::nullopt;
    longest = std::max(longest, found->usual);
    cold = std::max(cold, found->slow_start);
  }
  return rhythm->steps * scenario::step_seconds(training).longest + rhythm->share * longest +
         (rhythm->cold ? cold / rhythm->rounds : 0);
}

}  // namespace geomx::sweep
