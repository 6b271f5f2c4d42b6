#include "emulator/shaper/engine.h"

#include <algorithm>
#include <random>
#include <utility>

namespace geomx::shaper {
namespace {

// A super-frame whose serialisation takes longer than this is served in pieces, so that its first segments do not wait
// for its last: short enough to be lost in the delay of any link, long enough to keep a fast link's super-frames whole.
constexpr Time kServiceGrain = std::chrono::microseconds(500);

std::uint64_t seed_of(const Direction& direction) {
  if (direction.seed) return *direction.seed;
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

}  // namespace

Engine::Engine(const Direction& direction) : direction_(direction), dice_(seed_of(direction)) {}

void Engine::change(const Direction& direction, Time now) {
  advance(now);
  if (direction.seed != direction_.seed) dice_ = Dice(seed_of(direction));
  direction_ = direction;
  if (!direction_.rate) {
    // The rate is gone: whatever waited for it leaves now.
    free_at_ = std::min(free_at_, std::max(now, last_arrival_));
    if (serving_) serving_->finish = std::min(serving_->finish, free_at_);
    advance(std::max(now, last_arrival_));
  }
}

Time Engine::serialisation(std::uint64_t bytes) const {
  return direction_.rate ? transmission_time(Bytes{bytes}, *direction_.rate) : Time(0);
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
  if (!direction_.rate) {
    leave(std::move(frame), index, arrival, false);
    return;
  }
  const std::uint32_t accepted = std::min(segments, room_for(frame, arrival) + (serving_ ? 0 : 1));
  statistics_.dropped_queue.add(segments - accepted);
  if (accepted == 0) return;
  waiting_packets_ += accepted;
  waiting_bytes_ += frame.wire_bytes(0, accepted);
  queue_.push_back({std::move(frame), index, 0, accepted});
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
    const auto left = static_cast<std::uint64_t>(serialisation(size).count());
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
  }
  update_backlog();
}

void Engine::serve_next(Time start, bool waited) {
  Waiting& head = queue_.front();
  const std::uint32_t left = head.end - head.first;
  std::uint32_t count = left;
  if (count > 1 && serialisation(head.frame.wire_bytes(head.first, left)) > kServiceGrain) {
    const auto segment = static_cast<double>(serialisation(head.frame.wire_bytes(head.first, 1)).count());
    count = std::clamp(static_cast<std::uint32_t>(static_cast<double>(kServiceGrain.count()) / segment), 1u, left);
  }
  const std::uint32_t bytes = head.frame.wire_bytes(head.first, count);
  waiting_packets_ -= count;
  waiting_bytes_ -= bytes;
  const bool whole = count == head.frame.shape().segments;
  const std::uint64_t index = head.index + head.first;
  Frame frame = whole ? std::move(head.frame) : head.frame.slice(head.first, count);
  head.first += count;
  if (head.first == head.end) queue_.pop_front();
  free_at_ = start + serialisation(bytes);
  serving_ = Serving{std::move(frame), index, free_at_, waited};
}

// The end of serialisation: rolls the dice for each segment and sends the survivors on their way, in runs that leave
// together: up to the next loss, and singly where each has a jitter of its own.
void Engine::leave(Frame frame, std::uint64_t index, Time finish, bool waited) {
  if (!waited) {
    anchored_ = false;
    lost_since_anchor_ = 0;
  }
  const std::uint32_t segments = frame.shape().segments;
  const bool loses = frame.shape().is_ip && direction_.loss > 0;
  const bool jitters = direction_.jitter.count() > 0;
  std::uint32_t begin = 0;  // of the run
  for (std::uint32_t i = 0; i < segments; ++i) {
    const bool lost = loses && dice_.roll(Dice::Stream::loss, index + i) < direction_.loss;
    if (!lost && !jitters) continue;
    if (i > begin) travel(frame.slice(begin, i - begin), index + begin, finish, waited);
    begin = lost ? i + 1 : i;
    if (!lost) continue;
    statistics_.dropped_loss.add(1);
    if (waited) lost_since_anchor_ += frame.wire_bytes(i, 1);
  }
  if (begin == segments) return;
  travel(begin == 0 ? std::move(frame) : frame.slice(begin, segments - begin), index + begin, finish, waited);
}

void Engine::travel(Frame frame, std::uint64_t index, Time finish, bool waited) {
  const FrameShape& shape = frame.shape();
  Nanoseconds delay = direction_.delay;
  if (direction_.jitter.count() > 0) {
    const double swing = 2 * dice_.roll(Dice::Stream::jitter, index) - 1;
    delay += Nanoseconds(static_cast<std::int64_t>(swing * static_cast<double>(direction_.jitter.count())));
  }
  last_release_ = std::max(last_release_, finish + std::max(delay, Nanoseconds(0)));
  std::uint64_t busy_bytes = 0;
  if (waited && anchored_) busy_bytes = lost_since_anchor_ + shape.wire_bytes;
  anchored_ = true;
  lost_since_anchor_ = 0;
  line_.push_back({std::move(frame), finish, last_release_, busy_bytes});
}

Time Engine::next_release() const {
  if (!line_.empty()) return line_.front().release;
  if (!serving_) return kNever;
  const Nanoseconds least = std::max(direction_.delay - direction_.jitter, Nanoseconds(0));
  return std::max(serving_->finish + least, last_release_);
}

std::optional<Engine::Departure> Engine::pop(Time now, Time known) {
  advance(std::min(now, known));
  if (line_.empty() || line_.front().release > now) return std::nullopt;
  Travelling& head = line_.front();
  const FrameShape& shape = head.frame.shape();
  Departure departure{{}, now - head.finish};
  statistics_.packets.add(shape.segments);
  statistics_.bytes.add(shape.wire_bytes);
  statistics_.delay_nanoseconds.add(static_cast<std::uint64_t>(departure.delay.count()) * shape.segments);
  statistics_.lateness.add(now - head.release);
  if (head.busy_bytes > 0) {
    statistics_.busy_nanoseconds.add(static_cast<std::uint64_t>((now - last_departure_).count()));
    statistics_.busy_bytes.add(head.busy_bytes);
  }
  last_departure_ = now;
  departure.frame = std::move(head.frame);
  line_.pop_front();
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
