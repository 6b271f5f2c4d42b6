#include "trainer/cpu/program/program.h"

#include <algorithm>

#include "trainer/cpu/program/arena.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {

Program::Program() : engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {}

dnnl::primitive_attr Program::attributes() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

dnnl::memory Program::place(const dnnl::memory::desc& layout, std::size_t value, std::size_t offset) {
  dnnl::memory memory(layout, engine_, DNNL_MEMORY_NONE);
  places_.push_back({memory, value, offset});
  value_of_.emplace(memory.get(), value);
  return memory;
}

dnnl::memory Program::value(const dnnl::memory::desc& layout) {
  value_bytes_.push_back(layout.get_size());
  lasting_.push_back(false);
  return place(layout, value_bytes_.size() - 1, 0);
}

dnnl::memory Program::lasting_value(const dnnl::memory::desc& layout) {
  dnnl::memory memory = value(layout);
  lasting_.back() = true;
  return memory;
}

dnnl::memory Program::view(const dnnl::memory& value, const dnnl::memory::desc& layout, std::size_t offset) {
  const auto of = value_of_.find(value.get());
  if (of == value_of_.end()) {
    return external(layout, static_cast<std::byte*>(value.get_data_handle()) + offset);
  }
  const auto base = std::ranges::find(places_, value, &Place::memory);
  return place(layout, of->second, base->offset + offset);
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
  implementations_.push_back(implementation);
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

void Program::add(Kernel kernel, std::vector<dnnl::memory> memories) {
  Operation operation;
  operation.kernel = std::move(kernel);
  operation.memories = std::move(memories);
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
  // A value that no operation has lives nowhere in particular.
  std::vector<Lifetime> lives(value_bytes_.size());
  for (std::size_t v = 0; v < lives.size(); ++v) lives[v] = {value_bytes_[v], operations_.size(), 0};
  for (std::size_t i = 0; i < operations_.size(); ++i) {
    for (const dnnl::memory& memory : operations_[i].memories) {
      const auto value = value_of_.find(memory.get());
      if (value == value_of_.end()) continue;
      Lifetime& life = lives[value->second];
      life.first = std::min(life.first, i);
      life.last = i;
    }
  }
  for (std::size_t v = 0; v < lives.size(); ++v) {
    if (lasting_[v]) lives[v] = {value_bytes_[v], 0, operations_.size()};
    if (lives[v].first > lives[v].last) lives[v] = {};
  }
  const ArenaPlan plan = plan_arena(lives);
  arena_ = AlignedBuffer(plan.bytes + scratchpad_size_);
  for (Place& place : places_) {
    place.memory.set_data_handle(arena_.data() + plan.offsets[place.value] + place.offset);
  }
  for (dnnl::memory& scratchpad : scratchpads_) scratchpad.set_data_handle(arena_.data() + plan.bytes);
}

void Program::run(std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end; ++i) {
    const Operation& operation = operations_[i];
    if (operation.kernel) {
      operation.kernel();
      continue;
    }
    // The C call takes our argument list as it is; the C++ one builds a vector each time.
    dnnl::error::wrap_c_api(
        dnnl_primitive_execute(operation.primitive.get(), stream_.get(), static_cast<int>(operation.arguments.size()),
                               operation.arguments.data()),
        "could not execute a primitive");
  }
}

}  // namespace geomx::trainer
