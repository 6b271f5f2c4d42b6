// Who sends when and by which road, and what happens on faults: which settings have an effect, and what works together.
// The combinations are those of ps/config/combinations.h, which a test holds them to.
#include <fmt/format.h>

#include "emulator/scenario/judge.h"
#include "emulator/scenario/roles.h"

namespace geomx::scenario {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kFloat = 4;  // bytes
constexpr double kMostDropped = 0.9;
constexpr Nanoseconds kHeartbeatInterval = 2s;  // the parameter server's own
constexpr Nanoseconds kHeartbeatTimeout = 15s;
constexpr double kK = 0.8;
constexpr double kKMin = 0.2;

const char* const kFlow = "/training/flow";
const char* const kFaults = "/training/faults";

std::string below(const char* group, const char* key) {
  return fmt::format("{}/{}", group, key);
}

void judge_floats(const std::optional<Bytes>& size, const std::string& pointer, Judge& judge) {
  if (!size || size->value % kFloat == 0) return;
  judge.add(pointer, fmt::format("{} are no whole floats of 4 bytes", to_string(*size)), "write a multiple of 4B");
}

// Whether there is a party that reaches the global servers across the WAN.
bool has_parties(const Training& training) {
  if (is_flat(training)) return false;
  for (const Party& party : training.parties) {
    if (party.global_servers == 0) return true;
  }
  return false;
}

void judge_dgt_settings(const Dgt& dgt, Judge& judge) {
  const std::string pointer = below(kFlow, "dgt");
  const auto of_datagrams = [&](bool given, const char* key) {
    if (!given || dgt.mode == 1 || judge.unread_within(pointer + "/mode")) return;
    judge.add(fmt::format("{}/{}", pointer, key), fmt::format("mode {} has no {}", dgt.mode, key),
              "it belongs to mode 1");
  };
  of_datagrams(dgt.channels.has_value(), "channels");
  of_datagrams(dgt.wait.has_value(), "wait");
  of_datagrams(dgt.drop.has_value(), "drop");
  judge_floats(dgt.block_size, pointer + "/block_size", judge);
  if (dgt.k_min && !dgt.adaptive_k) {
    judge.add(pointer + "/k_min", "k does not adapt", "it belongs to \"adaptive_k\": true");
  } else if (dgt.adaptive_k && dgt.k_min.value_or(kKMin) > dgt.k.value_or(kK)) {
    judge.add(pointer + "/k_min",
              fmt::format("the least share, {}, is more than k, {}", dgt.k_min.value_or(kKMin), dgt.k.value_or(kK)),
              "make k_min smaller");
  }
}

void judge_dgt(const Training& training, Judge& judge) {
  if (!training.flow.dgt) return;
  judge_dgt_settings(*training.flow.dgt, judge);
  const std::string pointer = below(kFlow, "dgt");
  if (training.codec.name != "none") {
    judge.add(pointer,
              fmt::format("DGT divides fp32 gradients into blocks, and the codec is \"{}\"", training.codec.name),
              "leave the codec out; DGT's mode 3 compresses by itself");
  }
  if (!judge.problem_within("/training/parties") && !has_parties(training)) {
    judge.add(pointer, "there is only the central party, whose gradients cross no WAN", "leave it out");
  }
}

void judge_between_parties(const Training& training, Judge& judge) {
  const std::string pointer = below(kFlow, "tsengine/between_parties");
  if (training.sync.name == "mixed") {
    judge.add(pointer, "with \"mixed\" each party's push is answered at once, so there is nothing to add up",
              R"(TSEngine within parties works: {"within_parties": true})");
  }
  if (training.codec.name != "none") {
    judge.add(pointer,
              fmt::format("party servers add up gradients as fp32, and the codec is \"{}\"", training.codec.name),
              "leave the codec out");
  }
  if (training.flow.dgt) {
    judge.add(pointer, "DGT and TSEngine between parties each decide by which road gradients travel",
              R"(leave one out; {"within_parties": true} works with DGT)");
  }
  if (!judge.problem_within("/training/parties") && !has_parties(training)) {
    judge.add(pointer, "there is only the central party", R"(TSEngine within it is {"within_parties": true})");
  }
}

void judge_tsengine(const Training& training, Judge& judge) {
  const std::optional<TsEngine>& ts = training.flow.tsengine;
  const std::string pointer = below(kFlow, "tsengine");
  if (!ts) return;
  if (!ts->within_parties && !ts->between_parties) {
    if (judge.unread_within(pointer)) return;
    return judge.add(pointer, "it is to work neither within parties nor between them",
                     R"(give "within_parties": true, "between_parties": true, or both)");
  }
  if (training.flow.p3) {
    judge.add(pointer, "TSEngine and P3 each decide by themselves who sends when", "leave one of them out");
  }
  if (ts->within_parties && training.codec.name != "none" && training.codec.name != "bisparse") {
    judge.add(pointer + "/within_parties",
              fmt::format("workers add up gradients as fp32, and the codec is \"{}\"", training.codec.name),
              "none and bisparse send fp32 within a party");
  }
  if (ts->between_parties) judge_between_parties(training, judge);
}

}  // namespace

void judge_flow(const Training& training, Judge& judge) {
  if (training.flow.p3_slice && !training.flow.p3) {
    judge.add(below(kFlow, "p3_slice"), "there is no priority propagation", "it belongs to \"p3\": true");
  }
  judge_floats(training.flow.p3_slice, below(kFlow, "p3_slice"), judge);
  judge_dgt(training, judge);
  judge_tsengine(training, judge);
}

void judge_faults(const Training& training, Judge& judge) {
  const Faults& faults = training.faults;
  const Nanoseconds timeout = faults.heartbeat_timeout.value_or(kHeartbeatTimeout);
  const Nanoseconds interval = faults.heartbeat_interval.value_or(kHeartbeatInterval);
  if (timeout.count() > 0 && timeout <= interval) {
    judge.add(below(kFaults, faults.heartbeat_timeout ? "heartbeat_timeout" : "heartbeat_interval"),
              fmt::format("a silence of {} is no longer than the time from one heartbeat to the next, {}",
                          to_string(timeout), to_string(interval)),
              "make heartbeat_timeout longer, or 0s: nobody is ever lost");
  }
  const auto of_resend = [&](bool given, const char* key) {
    if (given && !faults.resend) {
      judge.add(below(kFaults, key), "nothing is sent again", "it belongs to \"resend\": true");
    }
  };
  of_resend(faults.resend_timeout.has_value(), "resend_timeout");
  of_resend(faults.drop_messages.has_value(), "drop_messages");
  if (faults.resend_timeout && *faults.resend_timeout % 1ms != 0ns) {
    judge.add(below(kFaults, "resend_timeout"),
              fmt::format("{} are no whole milliseconds", to_string(*faults.resend_timeout)), "write it as \"250ms\"");
  }
  if (faults.drop_messages && faults.drop_messages->value > kMostDropped) {
    judge.add(below(kFaults, "drop_messages"), fmt::format("{} is out of range", to_string(*faults.drop_messages)),
              "0% to 90%");
  }
  if (training.checkpoint && training.checkpoint->resume && !training.checkpoint->dir) {
    judge.add("/training/checkpoint/resume", "a new run folder has no checkpoints",
              "name with \"dir\" the folder that has: checkpoints, in the folder of the earlier run");
  }
}

}  // namespace geomx::scenario
