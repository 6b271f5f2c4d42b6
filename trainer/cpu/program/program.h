#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <dnnl.hpp>

#include "trainer/tensor/tensors.h"

namespace geomx::trainer {

// A fixed sequence of operations over fixed memory: built once, run every step without allocating. An operation is a
// oneDNN primitive or a kernel of ours. Values live in one 64-byte aligned arena, where those that are not needed at
// the same time share addresses, and all primitives share one scratchpad.
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
  using Kernel = std::function<void()>;

  Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  const dnnl::engine& engine() const { return engine_; }
  static dnnl::primitive_attr attributes();

  // Memory in the arena from the first operation that has it to the last; it has no address before finish().
  dnnl::memory value(const dnnl::memory::desc& layout);
  // The same for good: to be read and written between runs.
  dnnl::memory lasting_value(const dnnl::memory::desc& layout);
  // A value's memory, from `offset` bytes on, as something else.
  dnnl::memory view(const dnnl::memory& value, const dnnl::memory::desc& layout, std::size_t offset = 0);
  // Memory of the caller's, which must outlive the program.
  dnnl::memory external(const dnnl::memory::desc& layout, void* address) const;

  // Throws Error where oneDNN chose its reference implementation, which is 100 times slower than any other.
  template <typename PrimitiveDesc>
  void add(const dnnl::primitive& primitive, const PrimitiveDesc& desc, Arguments arguments) {
    add(primitive, desc.impl_info_str(), desc.scratchpad_desc(), std::move(arguments));
  }
  // `memories`: all that the kernel reads or writes. It asks them for their addresses when it runs.
  void add(Kernel kernel, std::vector<dnnl::memory> memories);
  // `from` where its layout is the one wanted already, else a copy of it in that layout, made at this point.
  dnnl::memory in_layout(const dnnl::memory& from, const dnnl::memory::desc& layout);
  void copy(const dnnl::memory& from, const dnnl::memory& to);

  void finish();  // gives every value its address
  std::size_t size() const { return operations_.size(); }
  std::size_t bytes() const { return arena_.size(); }
  // Which implementations oneDNN chose, in the order of its primitives.
  const std::vector<std::string>& implementations() const { return implementations_; }
  void run(std::size_t begin, std::size_t end);  // operations [begin, end), in order

 private:
  struct Operation {
    dnnl::primitive primitive;
    Kernel kernel;                       // in place of a primitive
    std::vector<dnnl::memory> memories;  // keeps the handles in `arguments` alive
    std::vector<dnnl_exec_arg_t> arguments;
  };
  struct Place {
    dnnl::memory memory;
    std::size_t value = 0;  // which memory in the arena
    std::size_t offset = 0;
  };
  void add(const dnnl::primitive& primitive, const std::string& implementation, const dnnl::memory::desc& scratchpad,
           Arguments arguments);
  dnnl::memory place(const dnnl::memory::desc& layout, std::size_t value, std::size_t offset);

  dnnl::engine engine_;
  dnnl::stream stream_;
  std::vector<Operation> operations_;
  std::vector<std::size_t> value_bytes_;
  std::vector<bool> lasting_;
  std::vector<Place> places_;
  std::unordered_map<dnnl_memory_t, std::size_t> value_of_;
  std::vector<dnnl::memory> scratchpads_;  // all at the same address
  std::size_t scratchpad_size_ = 0;
  std::vector<std::string> implementations_;
  AlignedBuffer arena_;
};

// Where an operation's memory is, while it runs.
inline float* floats(const dnnl::memory& memory) {
  return static_cast<float*>(memory.get_data_handle());
}

}  // namespace geomx::trainer
