#include <algorithm>
#include <limits>
#include <numeric>

#include "trainer/cuda/program.h"

namespace geomx::trainer::cuda {
namespace {

constexpr std::size_t kAlign = 256;  // what cudaMalloc gives, and the libraries are fastest with

struct Lifetime {
  std::size_t first = std::numeric_limits<std::size_t>::max();
  std::size_t last = 0;
  void touch(std::size_t step) {
    first = std::min(first, step);
    last = std::max(last, step);
  }
  bool meets(const Lifetime& other) const { return first <= other.last && other.first <= last; }
};

ValueId root_of(const Program& program, ValueId id) {
  while (program.values[id].base != kNone) id = program.values[id].base;
  return id;
}

std::vector<Lifetime> lifetimes(const Program& program) {
  std::vector<Lifetime> lives(program.values.size());
  for (std::size_t step = 0; step < program.steps.size(); ++step) {
    for (const ValueId id : program.steps[step].reads) lives[root_of(program, id)].touch(step);
    for (const ValueId id : program.steps[step].writes) lives[root_of(program, id)].touch(step);
  }
  return lives;
}

// A result lies where an argument did that nobody reads later.
void write_over(Program& program, std::vector<Lifetime>& lives) {
  for (std::size_t step = 0; step < program.steps.size(); ++step) {
    const StepInfo& info = program.steps[step];
    if (info.over == kNone || info.writes.empty()) continue;
    const ValueId to = info.writes.front();
    const ValueId root = root_of(program, info.over);
    Value& value = program.values[to];
    if (value.home != Home::arena || program.values[root].home != Home::arena || value.base != kNone || to == root ||
        lives[root].last != step || value.bytes > program.values[root].bytes || program.values[info.over].offset != 0) {
      continue;
    }
    value.base = root;
    lives[root].last = lives[to].last;
  }
}

}  // namespace

void plan_arena(Program& program) {
  std::vector<Lifetime> lives = lifetimes(program);
  write_over(program, lives);
  std::vector<ValueId> order;
  for (ValueId id = 0; id < program.values.size(); ++id) {
    const Value& value = program.values[id];
    if (value.home == Home::arena && value.base == kNone) order.push_back(id);
  }
  // The largest first: what is small fits between.
  std::ranges::stable_sort(order,
                           [&](ValueId a, ValueId b) { return program.values[a].bytes > program.values[b].bytes; });
  std::vector<ValueId> placed;  // by offset
  for (const ValueId id : order) {
    Value& value = program.values[id];
    const std::size_t size = (value.bytes + kAlign - 1) / kAlign * kAlign;
    std::size_t offset = 0;
    for (const ValueId other : placed) {
      if (!lives[id].meets(lives[other])) continue;
      const Value& there = program.values[other];
      if (offset + size <= there.offset) break;
      offset = std::max(offset, (there.offset + there.bytes + kAlign - 1) / kAlign * kAlign);
    }
    value.offset = offset;
    program.arena = std::max(program.arena, offset + size);
    placed.insert(std::ranges::upper_bound(placed, offset, {}, [&](ValueId v) { return program.values[v].offset; }),
                  id);
  }
}

std::string to_string(const Program& program) {
  const auto names = [&](const std::vector<ValueId>& ids) {
    std::string text;
    for (const ValueId id : ids) text += (text.empty() ? "" : ", ") + program.values[id].name;
    return text;
  };
  std::string text;
  for (std::size_t step = 0; step < program.steps.size(); ++step) {
    const StepInfo& info = program.steps[step];
    text += std::to_string(step) + " " + info.node + ": " + names(info.reads) + " -> " + names(info.writes) + "\n";
  }
  return text + "arena: " + std::to_string(program.arena) + " bytes\n";
}

}  // namespace geomx::trainer::cuda
