#include "ps/config/combinations.h"

namespace geomx::ps {

namespace {

std::string why_not_ts(const JobConfig& job, const JobShape& shape) {
  const FlowConfig::Ts& ts = job.flow.ts;
  if (!ts.intra && !ts.inter) return {};
  if (job.flow.p3.enabled) {
    return std::string(ts.intra ? "ENABLE_INTRA_TS" : "ENABLE_INTER_TS") +
           " and ENABLE_P3 are 1, but each decides by itself who sends when";
  }
  if (ts.intra && job.codec.name != "none" && job.codec.name != "bisparse") {
    return "ENABLE_INTRA_TS is 1, but GEOMX_CODEC is " + job.codec.name +
           ": workers add up each other's gradients, which travel as fp32 (none, bisparse)";
  }
  if (!ts.inter) return {};
  if (shape.parties == 0) return "ENABLE_INTER_TS is 1, but there is only the central party";
  if (job.sync.name == SyncName::mixed) {
    return "ENABLE_INTER_TS is 1, but GEOMX_SYNC is mixed: each party's push is answered at once, so that there is "
           "nothing to add up";
  }
  if (job.codec.name != "none") {
    return "ENABLE_INTER_TS is 1, but GEOMX_CODEC is " + job.codec.name +
           ": party servers add up each other's gradients, which travel as fp32 (none)";
  }
  if (job.flow.dgt.mode != FlowConfig::Dgt::Mode::off) {
    return "ENABLE_INTER_TS is 1 and ENABLE_DGT is not 0, but each decides by itself by which road gradients travel";
  }
  return {};
}

}  // namespace

std::string why_not(const JobConfig& job, const JobShape& shape) {
  const int parties = shape.parties + (shape.central_trains ? 1 : 0);
  if (job.sync.name == SyncName::mixed && parties < 2) {
    return "GEOMX_SYNC is mixed, but there is only one party: it is asynchronous between parties (fsa is the same "
           "here)";
  }
  if ((job.codec.name == "bisparse" || job.codec.name == "mpq") && shape.parties == 0) {
    return "GEOMX_CODEC is " + job.codec.name +
           ", but there is only the central party: it saves bytes between parties (fp16, bf16 or 2bit do so within "
           "one)";
  }
  if (job.flow.dgt.mode != FlowConfig::Dgt::Mode::off) {
    const std::string dgt = "ENABLE_DGT is " + std::to_string(static_cast<int>(job.flow.dgt.mode));
    if (shape.parties == 0) {
      return dgt + ", but there is only the central party, whose gradients cross no WAN";
    }
    if (job.codec.name != "none") {
      return dgt + ", but GEOMX_CODEC is " + job.codec.name +
             ": DGT divides fp32 gradients into blocks (none; ENABLE_DGT=3 compresses by itself)";
    }
  }
  return why_not_ts(job, shape);
}

}  // namespace geomx::ps
