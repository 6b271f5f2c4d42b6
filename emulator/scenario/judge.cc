#include "emulator/scenario/judge.h"

#include <algorithm>

namespace geomx::scenario {
namespace {

// Is `pointer` at or below `top`?
bool within(const std::string& pointer, const std::string& top) {
  return pointer.starts_with(top) && (pointer.size() == top.size() || pointer[top.size()] == '/');
}

bool any_within(const Problems& problems, const std::string& top) {
  return std::any_of(problems.begin(), problems.end(),
                     [&](const Problem& problem) { return within(problem.pointer, top); });
}

}  // namespace

void Judge::add(std::string pointer, std::string what, std::string hint) {
  const bool follows = std::any_of(known_.begin(), known_.end(),
                                   [&](const Problem& problem) { return within(pointer, problem.pointer); });
  if (!follows) problems_.push_back({std::move(pointer), std::move(what), std::move(hint)});
}

bool Judge::unread_within(const std::string& pointer) const {
  return any_within(known_, pointer);
}

bool Judge::problem_within(const std::string& pointer) const {
  return unread_within(pointer) || any_within(problems_, pointer);
}

}  // namespace geomx::scenario
