#include "emulator/run/job_variables.h"

#include <fmt/format.h>

#include <filesystem>

namespace geomx::run {
namespace {

using Variables = EnvironmentVariables;

constexpr std::uint64_t kFloat = 4;  // bytes

template <typename Value>
void add(const char* name, const std::optional<Value>& value, Variables& variables) {
  if (value) variables[name] = fmt::format("{}", *value);
}

void add_seconds(const char* name, const std::optional<Nanoseconds>& value, Variables& variables) {
  if (value) variables[name] = fmt::format("{}", std::chrono::duration<double>(*value).count());
}

void add_flag(const char* name, bool on, Variables& variables) {
  if (on) variables.emplace(name, "1");
}

void add_sync(const scenario::Sync& sync, Variables& variables) {
  if (sync.name != "fsa") variables["GEOMX_SYNC"] = sync.name;
  add_flag("GEOMX_DCASGD", sync.dcasgd, variables);
  add("GEOMX_DCASGD_LAMBDA", sync.dcasgd_lambda, variables);
  add("MXNET_KVSTORE_HFA_K1", sync.k1, variables);
  add("MXNET_KVSTORE_HFA_K2", sync.k2, variables);
  add(sync.name == "esync" ? "GEOMX_ESYNC_MAX_STEPS" : "GEOMX_DILOCO_STEPS", sync.local_steps, variables);
  add("GEOMX_OUTER_LEARNING_RATE", sync.outer_learning_rate, variables);
  add("GEOMX_OUTER_MOMENTUM", sync.outer_momentum, variables);
}

void add_codec(const scenario::Codec& codec, Variables& variables) {
  if (codec.name != "none") variables["GEOMX_CODEC"] = codec.name;
  add("GEOMX_BISPARSE_RATIO", codec.ratio, variables);
  add("GEOMX_BISPARSE_VALUES", codec.values, variables);
  add("MXNET_KVSTORE_SIZE_LOWER_BOUND", codec.lower_bound, variables);
  add("GEOMX_2BIT_THRESHOLD", codec.threshold, variables);
}

void add_dgt(const scenario::Dgt& dgt, Variables& variables) {
  variables["ENABLE_DGT"] = std::to_string(dgt.mode);
  add("DMLC_UDP_CHANNEL_NUM", dgt.channels, variables);
  add("DMLC_K", dgt.k, variables);
  add_flag("ADAPTIVE_K_FLAG", dgt.adaptive_k, variables);
  add("DMLC_K_MIN", dgt.k_min, variables);
  add("DGT_CONTRIBUTION_ALPHA", dgt.alpha, variables);
  if (dgt.block_size) variables["DGT_BLOCK_SIZE"] = std::to_string(dgt.block_size->value);
  add_seconds("GEOMX_DGT_WAIT", dgt.wait, variables);
  if (dgt.drop) variables["GEOMX_DGT_DROP"] = fmt::format("{}", dgt.drop->value);
  add_flag("DGT_INFO", dgt.info, variables);
}

void add_flow(const scenario::Flow& flow, Variables& variables) {
  add_flag("ENABLE_P3", flow.p3, variables);
  if (flow.p3_slice) variables["GEOMX_P3_SLICE"] = std::to_string(flow.p3_slice->value / kFloat);
  if (flow.dgt) add_dgt(*flow.dgt, variables);
  if (!flow.tsengine) return;
  add_flag("ENABLE_INTRA_TS", flow.tsengine->within_parties, variables);
  add_flag("ENABLE_INTER_TS", flow.tsengine->between_parties, variables);
  add("MAX_GREED_RATE_TS", flow.tsengine->greed, variables);
}

void add_faults(const scenario::Faults& faults, Variables& variables) {
  add("GEOMX_ON_WORKER_DEATH", faults.on_worker_death, variables);
  add_seconds("GEOMX_REJOIN_TIMEOUT", faults.rejoin_timeout, variables);
  add_seconds("PS_HEARTBEAT_INTERVAL", faults.heartbeat_interval, variables);
  add_seconds("PS_HEARTBEAT_TIMEOUT", faults.heartbeat_timeout, variables);
  add_seconds("GEOMX_JOIN_TIMEOUT", faults.join_timeout, variables);
  add_flag("PS_RESEND", faults.resend, variables);
  if (faults.resend_timeout) {
    const auto timeout = std::chrono::duration_cast<std::chrono::milliseconds>(*faults.resend_timeout);
    variables["PS_RESEND_TIMEOUT"] = std::to_string(timeout.count());
  }
  if (faults.drop_messages) variables["PS_DROP_MSG"] = fmt::format("{}", 100 * faults.drop_messages->value);
}

}  // namespace

Variables job_variables(const scenario::Training& training) {
  Variables variables;
  add_sync(training.sync, variables);
  add_codec(training.codec, variables);
  add_flow(training.flow, variables);
  add_faults(training.faults, variables);
  add("MXNET_KVSTORE_BIGARRAY_BOUND", training.bigarray_bound, variables);
  return variables;
}

std::string checkpoint_folder(const scenario::Checkpoint& checkpoint) {
  return checkpoint.dir ? std::filesystem::absolute(*checkpoint.dir).string() : kCheckpointFolder;
}

Variables checkpoint_variables(const scenario::Training& training) {
  if (!training.checkpoint) return {};
  const scenario::Checkpoint& checkpoint = *training.checkpoint;
  Variables variables;
  variables[kCheckpointVariable] = checkpoint_folder(checkpoint);
  add("GEOMX_CHECKPOINT_EVERY", checkpoint.every, variables);
  add_flag("GEOMX_CHECKPOINT_RESUME", checkpoint.resume, variables);
  return variables;
}

}  // namespace geomx::run
