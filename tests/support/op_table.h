#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "trainer/model/graph.h"

// Every op in several shapes, each in a small network of its own that any backend can be asked to compute: something
// with parameters before it, whose gradients show what the op gives back, and a linear layer for logits after it.
namespace geomx::trainer {

struct OpCase {
  std::string name;  // "max_pool/3x3_stride_2"
  Graph graph;
  std::size_t batch;
  std::size_t first, last;  // the nodes that it is about
};

// Small ones, whose gradients can be checked.
const std::vector<OpCase>& op_table();
// The same ones so large that their time can be measured.
const std::vector<OpCase>& large_op_table();

}  // namespace geomx::trainer
