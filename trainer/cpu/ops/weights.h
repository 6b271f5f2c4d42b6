#pragma once

#include <vector>

#include "trainer/cpu/program/builder.h"

namespace geomx::trainer {

// A layer's weights in the layouts that its primitives want: one copy per layout and step, shared by forward and
// backward.
class Weights {
 public:
  // The parameter `tensor`, seen as having these dimensions.
  void bind(Builder& builder, std::size_t tensor, const Dims& dims) {
    tensor_ = tensor;
    dims_ = dims;
    copies_ = {builder.parameter(tensor, dims)};
  }

  const Dims& dims() const { return dims_; }
  Desc canonical() const { return copies_.front().get_desc(); }

  dnnl::memory in_layout(Builder& builder, const Desc& wanted) {
    for (const dnnl::memory& copy : copies_) {
      if (copy.get_desc() == wanted) return copy;
    }
    dnnl::memory copy = builder.program().in_layout(copies_.front(), wanted);
    copies_.push_back(copy);
    return copy;
  }

  // Runs `add(where)`, which appends what computes the gradient in the layout `given`, so that it ends up canonical.
  template <typename AddOperation>
  void add_gradient(Builder& builder, const Desc& given, AddOperation add) const {
    const dnnl::memory result = builder.parameter_gradient(tensor_, dims_);
    if (given == result.get_desc()) {
      add(result);
      return;
    }
    const dnnl::memory other = builder.program().value(given);
    add(other);
    builder.program().copy(other, result);
  }

 private:
  std::size_t tensor_ = 0;
  Dims dims_;
  std::vector<dnnl::memory> copies_;  // the canonical one first
};

}  // namespace geomx::trainer
