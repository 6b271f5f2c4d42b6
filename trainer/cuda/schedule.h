#pragma once

#include <cstddef>
#include <vector>

#include "trainer/cuda/program.h"

namespace geomx::trainer::cuda {

// Tensors, one after the other in their block, that are copied at once.
struct Transfer {
  std::vector<std::size_t> tensors;  // in the order in which they are needed, or ready
  std::size_t begin = 0, end = 0;    // bytes of the block
};

// A part of a step that needs no word from the host: `uploads` before it, `downloads` after it.
struct Segment {
  std::vector<Transfer> uploads;
  std::size_t begin = 0, end = 0;  // steps of the program
  std::vector<Transfer> downloads;
};

// Divides a program where parameters come and gradients go. Transfers have at least `least` bytes, as far as there are
// that many: small ones cost more than they move, large ones keep the network waiting. A program that has one transfer
// each way is one segment.
std::vector<Segment> make_schedule(const Program& program, const std::vector<std::size_t>& offsets, std::size_t least);

}  // namespace geomx::trainer::cuda
