#include "emulator/shaper/engine.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace geomx::shaper {
namespace {

// A super-frame whose serialisation takes longer than this is served in pieces, so that its first segments do not wait
// for its last: short enough to be lost in the delay of any link, long enough to keep a fast link's super-frames whole.
constexpr Time kServiceGrain = std::chrono::microseconds(500);

}  // namespace

Engine::Engine(const Direction& direction, Time origin)
    : direction_(direction), bottleneck_(direction, origin), fates_(direction) {
  if (direction.codel) codel_.emplace(*direction.codel);
}

void Engine::change(const Direction& direction, Time now) {
  advance(now);
  const Direction before = std::exchange(direction_, direction);
  fates_.change(direction);
  if (!direction.codel) {
    codel_.reset();
  } else if (codel_) {
    codel_->change(*direction.codel);
  } else {
    codel_.emplace(*direction.codel);
  }
  if (direction.rate != before.rate || direction.trace != before.trace) {
    bottleneck_ = Bottleneck(direction, now);
    if (serving_ && before.trace) {
      serving_->finish = std::min(serving_->finish, bottleneck_.finish(now, serving_->frame.shape().wire_bytes));
      free_at_ = serving_->finish;
    }
  }
  if (!direction_.limited()) {
    // The rate is gone: whatever waited for it leaves now.
    free_at_ = std::min(free_at_, std::max(now, last_arrival_));
    if (serving_) serving_->finish = std::min(serving_->finish, free_at_);
    advance(std::max(now, last_arrival_));
  }
}

void Engine::push(Frame frame, Time arrival) {
  arrival = last_arrival_ = std::max(arrival, last_arrival_);
  advance(arrival);
  const std::uint32_t segments = frame.shape().segments;
  const std::uint64_t index = next_index_;
  // Counted before the queue, whose drops depend on timing and must not shift the fates of other packets.
  if (frame.shape().is_ip) next_index_ += segments;
  if (direction_.down) {
    statistics_.dropped_queue.add(segments);
    return;
  }
  if (!direction_.limited()) {
    leave(std::move(frame), index, arrival, false);
    return;
  }
  const std::uint32_t accepted = std::min(segments, room_for(frame, arrival) + (serving_ ? 0 : 1));
  statistics_.dropped_queue.add(segments - accepted);
  if (accepted == 0) return;
  waiting_packets_ += accepted;
  waiting_bytes_ += frame.wire_bytes(0, accepted);
  queue_.push_back({std::move(frame), index, 0, accepted, arrival});
  // Whatever was read late, two frames are never serialised at once.
  if (!serving_) serve_next(std::max(arrival, free_at_), free_at_ > arrival);
  update_backlog();
}

// How many segments of this frame the queue still takes.
std::uint32_t Engine::room_for(const Frame& frame, Time now) const {
  std::uint64_t packets = waiting_packets_;
  std::uint64_t bytes = waiting_bytes_;
  if (serving_ && serving_->frame.shape().segments > 1) {
    // Of the super-frame in service one segment is on the wire; the rest would still wait.
    const FrameShape& shape = serving_->frame.shape();
    const std::uint32_t size = serving_->frame.header().gso_size + shape.header_size;
    const auto left = static_cast<std::uint64_t>(bottleneck_.duration(size).count());
    const std::uint64_t unsent = left == 0 ? 0 : (static_cast<std::uint64_t>((serving_->finish - now).count()) / left);
    packets += std::min<std::uint64_t>(unsent, shape.segments - 1);
    bytes += std::min<std::uint64_t>(unsent, shape.segments - 1) * size;
  }
  if (const auto* limit = std::get_if<PacketLimit>(&direction_.queue)) {
    return limit->packets > packets ? static_cast<std::uint32_t>(limit->packets - packets) : 0;
  }
  const std::uint64_t limit = std::get<ByteLimit>(direction_.queue).bytes;
  const std::uint64_t room = limit > bytes ? limit - bytes : 0;
  const FrameShape& shape = frame.shape();
  if (shape.wire_bytes <= room) return shape.segments;
  return shape.segments == 1 ? 0 : static_cast<std::uint32_t>(room / (frame.header().gso_size + shape.header_size));
}

void Engine::advance(Time now) {
  while (serving_ && serving_->finish <= now) {
    Serving done = std::move(*serving_);
    serving_.reset();
    const Time finish = done.finish;
    leave(std::move(done.frame), done.index, finish, done.waited);
    if (!queue_.empty()) serve_next(finish, true);
    if (!serving_ && codel_) codel_->rest();
  }
  update_backlog();
}

// How many of the head's segments are served together.
std::uint32_t Engine::piece_of(const Waiting& head) const {
  const std::uint32_t left = head.end - head.first;
  if (direction_.trace || left == 1) return 1;
  if (bottleneck_.duration(head.frame.wire_bytes(head.first, left)) <= kServiceGrain) return left;
  const auto segment = static_cast<double>(bottleneck_.duration(head.frame.wire_bytes(head.first, 1)).count());
  return std::clamp(static_cast<std::uint32_t>(static_cast<double>(kServiceGrain.count()) / segment), 1u, left);
}

// Lets CoDel look at the segment at the head of the queue. False: it is gone.
bool Engine::manage(Time now) {
  Waiting& head = queue_.front();
  const std::uint32_t bytes = head.frame.wire_bytes(head.first, 1);
  if (!codel_ || !codel_->hits(now, now - head.arrival, waiting_bytes_ - bytes)) return true;
  if (codel_->settings().ecn) {
    // Of a super-frame the first segment is cut off, so that the mark is its alone.
    if (head.end - head.first > 1) {
      Waiting first{head.frame.slice(head.first, 1), head.index + head.first, 0, 1, head.arrival};
      ++head.first;
      queue_.push_front(std::move(first));
    } else if (head.frame.shape().segments > 1) {
      head = Waiting{head.frame.slice(head.first, 1), head.index + head.first, 0, 1, head.arrival};
    }
    if (queue_.front().frame.mark_congestion()) {
      statistics_.marked.add(1);
      return true;
    }
  }
  Waiting& dropped = queue_.front();
  statistics_.dropped_queue.add(1);
  waiting_packets_ -= 1;
  waiting_bytes_ -= bytes;
  if (++dropped.first == dropped.end) queue_.pop_front();
  return false;
}

// REQUIRES: something waits.
void Engine::serve_next(Time start, bool waited) {
  while (!manage(start)) {
    if (queue_.empty()) return;
  }
  Waiting& head = queue_.front();
  const std::uint32_t count = piece_of(head);
  const std::uint32_t bytes = head.frame.wire_bytes(head.first, count);
  waiting_packets_ -= count;
  waiting_bytes_ -= bytes;
  const bool whole = count == head.frame.shape().segments;
  const std::uint64_t index = head.index + head.first;
  Frame frame = whole ? std::move(head.frame) : head.frame.slice(head.first, count);
  head.first += count;
  if (head.first == head.end) queue_.pop_front();
  free_at_ = bottleneck_.finish(start, bytes);
  serving_ = Serving{std::move(frame), index, free_at_, waited};
}

// What does not fit into memory is lost to this machine.
bool Engine::overruns(const Frame& frame) {
  if (line_.bytes() + frame.memory() <= kMostTravelling.value) return false;
  statistics_.overruns.add(frame.shape().segments);
  return true;
}

// The end of serialisation: lets chance decide for each segment and sends the survivors on their way, in runs that
// leave together: up to the next one that fares differently, and singly where each has a delay of its own.
void Engine::leave(Frame frame, std::uint64_t index, Time finish, bool waited) {
  if (!waited) {
    anchored_ = false;
    lost_since_anchor_ = 0;
  }
  if (overruns(frame)) return;
  const std::uint32_t segments = frame.shape().segments;
  if (!frame.shape().is_ip || !fates_.any()) {
    travel(std::move(frame), {index, finish, waited}, {});
    return;
  }
  std::uint32_t begin = 0;  // of the run
  for (std::uint32_t i = 0; i < segments; ++i) {
    const PacketFate fate = fates_.of(index + i);
    if (fate.lost) {
      if (i > begin) travel(frame.slice(begin, i - begin), {index + begin, finish, waited}, {});
      begin = i + 1;
      statistics_.dropped_loss.add(1);
      if (waited) lost_since_anchor_ += frame.wire_bytes(i, 1);
    } else if (fates_.own_delays() || fate.duplicated || fate.corrupted) {
      if (segments == 1) {
        travel(std::move(frame), {index, finish, waited}, fate);
        return;
      }
      if (i > begin) travel(frame.slice(begin, i - begin), {index + begin, finish, waited}, {});
      begin = i + 1;
      travel(frame.slice(i, 1), {index + i, finish, waited}, fate);
    }
  }
  if (begin == segments) return;
  travel(begin == 0 ? std::move(frame) : frame.slice(begin, segments - begin), {index + begin, finish, waited}, {});
}

void Engine::travel(Frame frame, const Run& run, const PacketFate& fate) {
  if (fate.corrupted && frame.corrupt(fates_.place(run.index))) statistics_.corrupted.add(1);
  Time release = run.finish;
  bool ordered = false;
  if (fate.reordered) {
    statistics_.reordered.add(1);
  } else {
    const Nanoseconds swing(std::llround(fate.swing * static_cast<double>(direction_.jitter.count())));
    release += std::max(direction_.delay + swing, Nanoseconds(0));
    ordered = !free_order();
    last_release_ = std::max(last_release_, release);
    if (ordered) release = last_release_;
  }
  if (!fate.duplicated) {
    depart(std::move(frame), run, release, ordered);
    return;
  }
  Travelling copy{frame.clone(), run.finish, release};
  copy.ordered = ordered;
  depart(std::move(frame), run, release, ordered);
  line_.push(std::move(copy));
  statistics_.duplicated.add(1);
}

void Engine::depart(Frame frame, const Run& run, Time release, bool ordered) {
  const std::uint32_t bytes = frame.shape().wire_bytes;
  Travelling travelling{std::move(frame), run.finish, release};
  travelling.ordered = ordered;
  const bool counts = run.waited && anchored_;
  if (ordered) {
    if (counts) travelling.busy_bytes = lost_since_anchor_ + bytes;
    lost_since_anchor_ = 0;
    anchored_ = true;
  } else if (free_order()) {
    // When it leaves says nothing about the rate; when its serialisation ended does.
    if (counts) {
      travelling.busy_bytes = lost_since_anchor_ + bytes;
      travelling.busy_time = run.finish - last_finish_;
    }
    lost_since_anchor_ = 0;
    anchored_ = true;
  } else if (run.waited) {
    lost_since_anchor_ += bytes;  // overtakes: the next one that does not leaves at a time that counts it in
  }
  last_finish_ = run.finish;
  line_.push(std::move(travelling));
}

Time Engine::next_release() const {
  const Time on_the_way = line_.empty() ? kNever : line_.next_release();
  if (!serving_ || serving_->finish == kNever) return on_the_way;
  const bool overtakes = direction_.reorder > 0 || free_order();
  // What keeps its order leaves after all that is on the way.
  if (!overtakes && !line_.empty() && line_.in_order()) return on_the_way;
  const Time soonest = serving_->finish + shortest_delay(direction_);
  return std::min(on_the_way, overtakes ? soonest : std::max(soonest, last_release_));
}

std::optional<Engine::Departure> Engine::pop(Time now, Time known) {
  advance(std::min(now, known));
  if (line_.empty() || line_.next_release() > now) return std::nullopt;
  Travelling head = line_.take();
  const FrameShape& shape = head.frame.shape();
  Departure departure{{}, now - head.finish};
  statistics_.packets.add(shape.segments);
  statistics_.bytes.add(shape.wire_bytes);
  statistics_.delay_nanoseconds.add(static_cast<std::uint64_t>(departure.delay.count()) * shape.segments);
  statistics_.lateness.add(now - head.release);
  if (head.busy_bytes > 0) {
    const Nanoseconds busy = head.ordered ? now - last_departure_ : head.busy_time;
    statistics_.busy_nanoseconds.add(static_cast<std::uint64_t>(busy.count()));
    statistics_.busy_bytes.add(head.busy_bytes);
  }
  if (head.ordered) last_departure_ = now;
  departure.frame = std::move(head.frame);
  return departure;
}

void Engine::take_back(const Frame& frame, Nanoseconds delay, Fate fate) {
  const FrameShape& shape = frame.shape();
  statistics_.packets.subtract(shape.segments);
  statistics_.bytes.subtract(shape.wire_bytes);
  statistics_.delay_nanoseconds.subtract(static_cast<std::uint64_t>(delay.count()) * shape.segments);
  (fate == Fate::overrun ? statistics_.overruns : statistics_.undelivered).add(shape.segments);
}

}  // namespace geomx::shaper
