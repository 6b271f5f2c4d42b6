#pragma once

#include <exception>

#include "emulator/base/error.h"
#include "emulator/control/client.h"
#include "emulator/control/control.pb.h"
#include "emulator/shaper/counters.h"

// Between the protocol's messages and the types that callers see.
namespace geomx::control {

void fill(wire::DirectionCounters& message, const shaper::DirectionCounters& counters);
DirectionCounters counters_of(const wire::DirectionCounters& message);

// What a handler threw, as an answer; and the same error thrown again at the other end.
wire::Failure failure_of(const std::exception& error);
[[noreturn]] void throw_failure(const wire::Failure& failure);

}  // namespace geomx::control
