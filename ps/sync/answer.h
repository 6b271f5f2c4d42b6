#pragma once

#include <cstdint>

#include "ps/codec/choice.h"
#include "ps/config/job_config.h"

namespace geomx::ps {

// What the answer to a push holds.
//
//   weights     the new ones
//   mean        of all gradients, on which every worker steps its optimizer: fsa with Bi-Sparse or MPQ
//   difference  what has to be added to the weights that the asking party has: the other algorithms, for tensors that
//               travel sparse, which weights are not
//
// A pull is answered with weights always.
enum class Answer : std::uint8_t { weights, mean, difference };

inline Answer answer_of(const JobConfig& job, std::uint64_t tensor_length) {
  if (!workers_step(job.codec)) return Answer::weights;
  if (job.sync.name == SyncName::fsa) return Answer::mean;
  return tensor_length >= job.codec.size_lower_bound ? Answer::difference : Answer::weights;
}

}  // namespace geomx::ps
