#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <dnnl.hpp>

#include "trainer/tensor/tensors.h"

namespace geomx::trainer {

// A fixed sequence of oneDNN primitives over fixed memory: built once, run every step without allocating. All
// intermediate values live in one 64-byte aligned arena, and all primitives share one scratchpad.
//
//   Program program;
//   auto out = program.value(pd.dst_desc());
//   program.add(dnnl::convolution_forward(pd), pd, {{DNNL_ARG_SRC, in}, ..., {DNNL_ARG_DST, out}});
//   program.finish();
//   program.run(0, program.size());
//
// The attributes of every primitive must come from attributes(): the scratchpad is ours. Threading: one thread at a
// time; primitives use the OpenMP threads of the caller.
class Program {
 public:
  using Arguments = std::vector<std::pair<int, dnnl::memory>>;

  Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  const dnnl::engine& engine() const { return engine_; }
  static dnnl::primitive_attr attributes();

  // Memory in the arena; it has no address before finish().
  dnnl::memory value(const dnnl::memory::desc& layout);
  // Memory of the caller's, which must outlive the program.
  dnnl::memory external(const dnnl::memory::desc& layout, void* address) const;

  // Throws Error where oneDNN chose its reference implementation, which is 100 times slower than any other.
  template <typename PrimitiveDesc>
  void add(const dnnl::primitive& primitive, const PrimitiveDesc& desc, Arguments arguments) {
    add(primitive, desc.impl_info_str(), desc.scratchpad_desc(), std::move(arguments));
  }
  // `from` where its layout is the one wanted already, else a copy of it in that layout, made at this point.
  dnnl::memory in_layout(const dnnl::memory& from, const dnnl::memory::desc& layout);
  void copy(const dnnl::memory& from, const dnnl::memory& to);

  void finish();  // gives every value its address
  std::size_t size() const { return operations_.size(); }
  void run(std::size_t begin, std::size_t end);  // operations [begin, end), in order

 private:
  struct Operation {
    dnnl::primitive primitive;
    std::vector<dnnl::memory> memories;  // keeps the handles in `arguments` alive
    std::vector<dnnl_exec_arg_t> arguments;
  };
  void add(const dnnl::primitive& primitive, const std::string& implementation, const dnnl::memory::desc& scratchpad,
           Arguments arguments);

  dnnl::engine engine_;
  dnnl::stream stream_;
  std::vector<Operation> operations_;
  std::vector<std::pair<dnnl::memory, std::size_t>> values_;  // and their offsets in the arena
  std::vector<dnnl::memory> scratchpads_;                     // all at the same address
  std::size_t arena_size_ = 0;
  std::size_t scratchpad_size_ = 0;
  AlignedBuffer arena_;
};

}  // namespace geomx::trainer
