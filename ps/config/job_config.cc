#include "ps/config/job_config.h"

#include <charconv>
#include <cstdlib>
#include <optional>
#include <vector>

#include "ps/config/error.h"

namespace geomx::ps {
namespace {

constexpr const char* kSync = "GEOMX_SYNC";
constexpr const char* kDcasgd = "GEOMX_DCASGD";
constexpr const char* kDcasgdLambda = "GEOMX_DCASGD_LAMBDA";
constexpr const char* kUseHfa = "MXNET_KVSTORE_USE_HFA";
constexpr const char* kHfaK1 = "MXNET_KVSTORE_HFA_K1";
constexpr const char* kHfaK2 = "MXNET_KVSTORE_HFA_K2";
constexpr const char* kDilocoSteps = "GEOMX_DILOCO_STEPS";
constexpr const char* kOuterRate = "GEOMX_OUTER_LEARNING_RATE";
constexpr const char* kOuterMomentum = "GEOMX_OUTER_MOMENTUM";
constexpr const char* kMostSteps = "GEOMX_ESYNC_MAX_STEPS";
constexpr const char* kCodec = "GEOMX_CODEC";
constexpr const char* kRatio = "GEOMX_BISPARSE_RATIO";
constexpr const char* kValues = "GEOMX_BISPARSE_VALUES";
constexpr const char* kSizeLowerBound = "MXNET_KVSTORE_SIZE_LOWER_BOUND";
constexpr const char* kThreshold = "GEOMX_2BIT_THRESHOLD";
constexpr const char* kPriority = "ENABLE_P3";
constexpr const char* kSlice = "GEOMX_P3_SLICE";
constexpr const char* kDgt = "ENABLE_DGT";
constexpr const char* kChannels = "DMLC_UDP_CHANNEL_NUM";
constexpr const char* kK = "DMLC_K";
constexpr const char* kKMin = "DMLC_K_MIN";
constexpr const char* kAdaptiveK = "ADAPTIVE_K_FLAG";
constexpr const char* kAlpha = "DGT_CONTRIBUTION_ALPHA";
constexpr const char* kBlockSize = "DGT_BLOCK_SIZE";
constexpr const char* kDgtInfo = "DGT_INFO";
constexpr const char* kDgtWait = "GEOMX_DGT_WAIT";
constexpr const char* kDgtDrop = "GEOMX_DGT_DROP";
constexpr const char* kIntraTs = "ENABLE_INTRA_TS";
constexpr const char* kInterTs = "ENABLE_INTER_TS";
constexpr const char* kGreed = "MAX_GREED_RATE_TS";

constexpr SyncName kSyncNames[] = {SyncName::fsa, SyncName::mixed, SyncName::hfa, SyncName::esync, SyncName::diloco};

// A variable of the job: one of `choices`, or a number from low to high.
struct Row {
  const char* name;
  std::vector<std::string> choices{};
  bool whole = false;
  double low = 0;
  double high = 0;
};

const std::vector<Row>& rows() {
  constexpr double kSteps = 1e6;
  static const std::vector<Row> rows{
      {.name = kSync, .choices = {"fsa", "mixed", "hfa", "esync", "diloco"}},
      {.name = kDcasgd, .choices = {"0", "1"}},
      {.name = kDcasgdLambda, .low = 0, .high = 1e6},
      {.name = kHfaK1, .whole = true, .low = 1, .high = kSteps},
      {.name = kHfaK2, .whole = true, .low = 1, .high = kSteps},
      {.name = kDilocoSteps, .whole = true, .low = 1, .high = kSteps},
      {.name = kOuterRate, .low = 1e-6, .high = 1e3},
      {.name = kOuterMomentum, .low = 0, .high = 0.999999},
      {.name = kMostSteps, .whole = true, .low = 1, .high = kSteps},
      {.name = kCodec, .choices = {"none", "fp16", "bf16", "bisparse", "mpq", "2bit"}},
      {.name = kRatio, .low = 1e-6, .high = 1},
      {.name = kValues, .choices = {"fp32", "fp16"}},
      {.name = kSizeLowerBound, .whole = true, .low = 0, .high = 1e12},
      {.name = kThreshold, .low = 1e-9, .high = 1e9},
      {.name = kPriority, .choices = {"0", "1"}},
      // Shorter slices would weigh less than their headers.
      {.name = kSlice, .whole = true, .low = 256, .high = 1 << 24},
      {.name = kDgt, .choices = {"0", "1", "2", "3"}},
      {.name = kChannels, .whole = true, .low = 1, .high = 8},
      {.name = kK, .low = 0, .high = 1},
      {.name = kKMin, .low = 0, .high = 1},
      {.name = kAdaptiveK, .choices = {"0", "1"}},
      {.name = kAlpha, .low = 0, .high = 1},
      {.name = kBlockSize, .whole = true, .low = 64, .high = 1 << 24},  // bytes
      {.name = kDgtInfo, .choices = {"0", "1"}},
      {.name = kDgtWait, .low = 0, .high = 60},
      {.name = kDgtDrop, .low = 0, .high = 1},
      {.name = kIntraTs, .choices = {"0", "1"}},
      {.name = kInterTs, .choices = {"0", "1"}},
      {.name = kGreed, .low = 0, .high = 1},
  };
  return rows;
}

const Row* row_of(const std::string& name) {
  for (const Row& row : rows()) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

// The shortest that reads back as the same number, so that 0.10 and .1 are one value.
std::string canonical(double number) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, number).ptr;
  return {text, end};
}

// The value in its one form; nullopt where the variable is not set. Throws Error where it is wrong.
std::optional<std::string> value_of(const Row& row, const Variables& variables) {
  if (!variables.is_set(row.name)) return std::nullopt;
  if (!row.choices.empty()) return variables.choice(row.name, row.choices);
  if (row.whole) {
    return std::to_string(variables.integer(row.name, static_cast<long>(row.low), static_cast<long>(row.high)));
  }
  return canonical(variables.number(row.name, row.low, row.high, 0, "a number"));
}

std::string required_value(const std::string& name, const std::string& value) {
  const Row* row = row_of(name);
  if (row == nullptr) throw Error(name + " is no setting of a job");
  const Variables only([&](const std::string& asked) { return asked == name ? std::optional(value) : std::nullopt; });
  const auto wanted = value_of(*row, only);
  if (!wanted) only.missing(name, "a value");
  return *wanted;
}

}  // namespace

Settings Settings::read(const Variables& variables) {
  Settings settings;
  for (const Row& row : rows()) {
    if (const auto value = value_of(row, variables)) settings.settings_[row.name] = {*value, {}};
  }
  if (!variables.flag(kUseHfa)) return settings;
  const auto [sync, added] = settings.settings_.try_emplace(kSync, Setting{"hfa", {}});
  if (sync->second.value != "hfa") variables.wrong(kUseHfa, "1", "0 beside GEOMX_SYNC=" + sync->second.value);
  return settings;
}

void Settings::set(const std::string& name, const std::string& value) {
  const std::string wanted = required_value(name, value);
  const auto [setting, added] = settings_.try_emplace(name, Setting{wanted, {}});
  if (setting->second.value != wanted) {
    throw Error(name + " is to be " + wanted + ", but it is " + setting->second.value + " already");
  }
}

void Settings::take(const proto::Greeting& other, const std::string& other_name, const std::string& self) {
  for (const proto::Setting& theirs : other.settings()) {
    const std::string value = required_value(theirs.name(), theirs.value());
    const std::string& told = theirs.told().empty() ? other_name : theirs.told();
    const auto [mine, added] = settings_.try_emplace(theirs.name(), Setting{value, told});
    if (mine->second.value == value) continue;
    throw Error(theirs.name() + " is " + value + " at " + told + ", but " + mine->second.value + " at " +
                (mine->second.told.empty() ? self : mine->second.told));
  }
}

void Settings::write(proto::Greeting& greeting) const {
  for (const auto& [name, setting] : settings_) {
    proto::Setting& written = *greeting.add_settings();
    written.set_name(name);
    written.set_value(setting.value);
    written.set_told(setting.told);
  }
}

JobConfig Settings::job() const {
  const auto text = [&](const char* name, const char* fallback) {
    const auto found = settings_.find(name);
    return found == settings_.end() ? std::string(fallback) : found->second.value;
  };
  const auto number = [&](const char* name, double fallback) {
    const auto found = settings_.find(name);
    return found == settings_.end() ? fallback : std::strtod(found->second.value.c_str(), nullptr);
  };
  const auto whole = [&](const char* name, long fallback) {
    return static_cast<long>(number(name, static_cast<double>(fallback)));
  };
  JobConfig job;
  SyncConfig& sync = job.sync;
  const std::string sync_name = text(kSync, "fsa");
  for (const SyncName name : kSyncNames) {
    if (sync_name == to_string(name)) sync.name = name;
  }
  sync.dcasgd = text(kDcasgd, "0") == "1";
  sync.dcasgd_lambda = number(kDcasgdLambda, sync.dcasgd_lambda);
  sync.most_steps = whole(kMostSteps, sync.most_steps);
  switch (sync.name) {
    case SyncName::fsa:
    case SyncName::mixed:
      break;
    case SyncName::hfa:  // GeoMX's demo: 20 and 10
      sync.local_steps = whole(kHfaK1, 20);
      sync.party_rounds = whole(kHfaK2, 10);
      break;
    case SyncName::esync:
      sync.outer_rate = number(kOuterRate, 1);
      break;
    case SyncName::diloco:
      sync.local_steps = whole(kDilocoSteps, 100);
      sync.party_rounds = whole(kHfaK2, 1);
      sync.outer_rate = number(kOuterRate, 0.7);
      sync.outer_momentum = number(kOuterMomentum, 0.9);
      break;
  }
  if (sync.dcasgd && sync.name != SyncName::mixed) {
    throw Error(std::string(kDcasgd) + " is 1, but " + kSync + " is " + sync_name +
                ": it makes up for delays that only mixed has (--mixed-sync)");
  }
  CodecConfig& codec = job.codec;
  codec.name = text(kCodec, "none");
  codec.ratio = number(kRatio, codec.ratio);
  codec.half_values = text(kValues, "fp32") == "fp16";
  codec.size_lower_bound = static_cast<std::uint64_t>(number(kSizeLowerBound, 1000));
  codec.threshold = number(kThreshold, codec.threshold);
  FlowConfig::Priority& p3 = job.flow.p3;
  p3.enabled = text(kPriority, "0") == "1";
  p3.slice = static_cast<std::uint64_t>(whole(kSlice, static_cast<long>(p3.slice)));
  FlowConfig::Dgt& dgt = job.flow.dgt;
  dgt.mode = static_cast<FlowConfig::Dgt::Mode>(whole(kDgt, 0));
  dgt.channels = static_cast<int>(whole(kChannels, dgt.channels));
  dgt.k = number(kK, dgt.k);
  dgt.k_min = number(kKMin, dgt.k_min);
  dgt.adapts = text(kAdaptiveK, "0") == "1";
  dgt.alpha = number(kAlpha, dgt.alpha);
  dgt.block =
      static_cast<std::uint64_t>(whole(kBlockSize, static_cast<long>(dgt.block * sizeof(float)))) / sizeof(float);
  dgt.info = text(kDgtInfo, "0") == "1";
  dgt.wait = number(kDgtWait, dgt.wait);
  dgt.drop = number(kDgtDrop, dgt.drop);
  FlowConfig::Ts& ts = job.flow.ts;
  ts.intra = text(kIntraTs, "0") == "1";
  ts.inter = text(kInterTs, "0") == "1";
  ts.greed = number(kGreed, ts.greed);
  return job;
}

}  // namespace geomx::ps
