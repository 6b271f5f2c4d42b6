#include "trainer/cpu/program.h"

#include <algorithm>

#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

std::size_t aligned(std::size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

Program::Program() : engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {}

dnnl::primitive_attr Program::attributes() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

dnnl::memory Program::value(const dnnl::memory::desc& layout) {
  dnnl::memory memory(layout, engine_, DNNL_MEMORY_NONE);
  values_.emplace_back(memory, arena_size_);
  arena_size_ += aligned(layout.get_size());
  return memory;
}

dnnl::memory Program::external(const dnnl::memory::desc& layout, void* address) const {
  return {layout, engine_, address};
}

void Program::add(const dnnl::primitive& primitive, const std::string& implementation,
                  const dnnl::memory::desc& scratchpad, Arguments arguments) {
  if (implementation.find("ref") != std::string::npos) {
    throw Error("oneDNN has only its slow reference implementation (" + implementation +
                ") for a layer of this network on this processor");
  }
  if (scratchpad.get_size() > 0) {
    scratchpad_size_ = std::max(scratchpad_size_, scratchpad.get_size());
    scratchpads_.push_back(dnnl::memory(scratchpad, engine_, DNNL_MEMORY_NONE));
    arguments.emplace_back(DNNL_ARG_SCRATCHPAD, scratchpads_.back());
  }
  Operation operation;
  operation.primitive = primitive;
  for (const auto& [argument, memory] : arguments) {
    operation.memories.push_back(memory);
    operation.arguments.push_back({argument, memory.get()});
  }
  operations_.push_back(std::move(operation));
}

dnnl::memory Program::in_layout(const dnnl::memory& from, const dnnl::memory::desc& layout) {
  if (from.get_desc() == layout) return from;
  dnnl::memory to = value(layout);
  copy(from, to);
  return to;
}

void Program::copy(const dnnl::memory& from, const dnnl::memory& to) {
  const dnnl::reorder::primitive_desc desc(engine_, from.get_desc(), engine_, to.get_desc(), attributes());
  add(dnnl::reorder(desc), desc, {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}});
}

void Program::finish() {
  arena_ = AlignedBuffer(arena_size_ + scratchpad_size_);
  for (auto& [memory, offset] : values_) memory.set_data_handle(arena_.data() + offset);
  for (dnnl::memory& scratchpad : scratchpads_) scratchpad.set_data_handle(arena_.data() + arena_size_);
}

void Program::run(std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end; ++i) {
    const Operation& operation = operations_[i];
    // The C call takes our argument list as it is; the C++ one builds a vector each time.
    dnnl::error::wrap_c_api(
        dnnl_primitive_execute(operation.primitive.get(), stream_.get(), static_cast<int>(operation.arguments.size()),
                               operation.arguments.data()),
        "could not execute a primitive");
  }
}

}  // namespace geomx::trainer
