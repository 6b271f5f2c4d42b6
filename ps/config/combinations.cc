#include "ps/config/combinations.h"

namespace geomx::ps {

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
  return {};
}

}  // namespace geomx::ps
