#include "emulator/control/convert.h"

namespace geomx::control {

void fill(wire::DirectionCounters& message, const shaper::DirectionCounters& counters) {
  message.set_packets(counters.packets);
  message.set_bytes(counters.bytes);
  message.set_dropped_queue(counters.dropped_queue);
  message.set_dropped_loss(counters.dropped_loss);
  message.set_marked(counters.marked);
  message.set_duplicated(counters.duplicated);
  message.set_reordered(counters.reordered);
  message.set_corrupted(counters.corrupted);
  message.set_overruns(counters.overruns);
  message.set_undelivered(counters.undelivered);
  message.set_backlog_bytes(counters.backlog_bytes);
  message.set_busy_nanoseconds(counters.busy_nanoseconds);
  message.set_busy_bytes(counters.busy_bytes);
  message.set_delay_nanoseconds(counters.delay_nanoseconds);
  message.set_lateness_p99_nanoseconds(counters.lateness_p99_nanoseconds);
  message.set_timed_packets(counters.timed_packets);
  message.set_late_packets(counters.late_packets);
}

DirectionCounters counters_of(const wire::DirectionCounters& message) {
  DirectionCounters counters;
  counters.packets = message.packets();
  counters.bytes = message.bytes();
  counters.dropped_queue = message.dropped_queue();
  counters.dropped_loss = message.dropped_loss();
  counters.marked = message.marked();
  counters.duplicated = message.duplicated();
  counters.reordered = message.reordered();
  counters.corrupted = message.corrupted();
  counters.overruns = message.overruns();
  counters.undelivered = message.undelivered();
  counters.backlog_bytes = message.backlog_bytes();
  counters.busy_nanoseconds = message.busy_nanoseconds();
  counters.busy_bytes = message.busy_bytes();
  counters.delay_nanoseconds = message.delay_nanoseconds();
  counters.lateness_p99_nanoseconds = message.lateness_p99_nanoseconds();
  counters.timed_packets = message.timed_packets();
  counters.late_packets = message.late_packets();
  return counters;
}

wire::Failure failure_of(const std::exception& error) {
  wire::Failure failure;
  failure.set_what(error.what());
  failure.set_input(dynamic_cast<const InputError*>(&error) != nullptr);
  if (const auto* ours = dynamic_cast<const Error*>(&error)) {
    failure.set_where(ours->where());
    failure.set_hint(ours->hint());
  }
  return failure;
}

void throw_failure(const wire::Failure& failure) {
  if (failure.input()) throw InputError(failure.where(), failure.what(), failure.hint());
  throw WorkError(failure.where(), failure.what(), failure.hint());
}

}  // namespace geomx::control
