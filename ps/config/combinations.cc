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
  return {};
}

}  // namespace geomx::ps
