#include "ps/flow/assembly.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "ps/flow/divided.h"

namespace geomx::ps {
namespace {

constexpr std::size_t kMostEarly = 65'536;              // datagrams kept of one sender: 90 MB
constexpr std::uint64_t kEnough = 32;                   // datagrams that are worth a report
constexpr auto kPause = std::chrono::milliseconds(20);  // between bursts: says nothing about a road's rate

}  // namespace

Assembly::Sender& Assembly::sender(std::uint32_t id) {
  Sender& known = senders_[id];
  known.highest.resize(channels_);
  return known;
}

// What came by the reliable channel, and which pieces are still to come.
void Assembly::read_blocks(const Message& message, Pending& pending) {
  const proto::DgtBlocks& described = message.header.data().dgt().blocks();
  pending.blocks = blocks_of(message);
  pending.values = std::make_shared<float[]>(pending.blocks.length());
  pending.turn = described.turn();
  pending.last.assign(described.last().begin(), described.last().end());
  pending.last.resize(channels_);
  pending.missing.resize(pending.blocks.piece_count());
  pending.message.header = message.header;
  const std::span<float> values(pending.values.get(), pending.blocks.length());
  for_each_whole(message, pending.blocks, [&](const Run& run, std::span<const float> floats) {
    std::copy(floats.begin(), floats.end(), values.begin() + static_cast<std::ptrdiff_t>(run.begin));
  });
  if (described.four_bits()) return decode_rest(message, pending.blocks, values);
  if (std::all_of(pending.last.begin(), pending.last.end(), [](std::uint64_t last) { return last == 0; })) return;
  const std::vector<bool> whole = from_bits(described.whole(), pending.blocks.count());
  for (std::size_t piece = 0; piece < pending.missing.size(); ++piece) {
    if (whole[piece / pending.blocks.pieces_per_block()] || pending.blocks.piece(piece).count == 0) continue;
    pending.missing[piece] = true;
    ++pending.missing_count;
  }
  pending.announced = pending.missing_count;
}

void Assembly::add_carry(State& state, Pending& pending) {
  const std::vector<float> carry = std::exchange(state.carry, {});
  if (carry.size() != pending.blocks.length()) return;
  for (std::size_t i = 0; i < carry.size(); ++i) pending.values[i] += carry[i];
}

void Assembly::place_early(const Place& place, State& state, Pending& pending) {
  Sender& from = sender(place.sender);
  for (const Datagram& early : std::exchange(state.early, {})) {
    --from.early;
    if (early.turn < pending.turn) {
      ++counters_.late;
    } else if (early.turn != pending.turn || !place_piece(pending, early)) {
      ++counters_.malformed;
    }
  }
}

std::vector<Assembly::Ready> Assembly::reliable(NodeId from, const Message& message, Clock::time_point now) {
  Pending pending;
  read_blocks(message, pending);
  const proto::Slice& slice = message.header.data().slices(0);
  const Place place{from.packed(), slice.key(), slice.offset()};
  State& state = states_[place];
  if (state.pending || pending.turn <= state.done) return {};  // said twice
  pending.opened = now;
  add_carry(state, pending);
  place_early(place, state, pending);
  state.pending = std::move(pending);
  waiting_.insert(place);
  std::vector<Ready> ready;
  if (silence_ <= Clock::duration{} || settled(*state.pending, sender(place.sender))) {
    ready.push_back(finish(place, state));
  }
  return ready;
}

void Assembly::deferred(NodeId from, const Message& message) {
  const Blocks blocks = blocks_of(message);
  const proto::Slice& slice = message.header.data().slices(0);
  std::vector<float> carry(blocks.length());
  std::uint64_t pieces = 0;
  for_each_whole(message, blocks, [&](const Run& run, std::span<const float> floats) {
    std::copy(floats.begin(), floats.end(), carry.begin() + static_cast<std::ptrdiff_t>(run.begin));
    ++pieces;
  });
  counters_.late += pieces;
  State& state = states_[{from.packed(), slice.key(), slice.offset()}];
  state.carry.resize(carry.size());
  for (std::size_t i = 0; i < carry.size(); ++i) state.carry[i] += carry[i];
}

bool Assembly::place_piece(Pending& pending, const Datagram& datagram) {
  if (datagram.piece >= pending.missing.size() || !pending.missing[datagram.piece]) return false;
  const Run run = pending.blocks.piece(datagram.piece);
  const auto finite = [](float value) { return std::isfinite(value); };
  if (run.count != datagram.values.size() || !std::ranges::all_of(datagram.values, finite)) return false;
  std::copy(datagram.values.begin(), datagram.values.end(), pending.values.get() + run.begin);
  pending.missing[datagram.piece] = false;
  --pending.missing_count;
  ++counters_.pieces;
  return true;
}

void Assembly::tally_arrival(Sender& from, std::size_t bytes, Clock::time_point now) {
  const auto gap = now - std::exchange(from.last_arrival, now);
  ++from.tally.arrived;
  if (gap > kPause) return;
  from.tally.bytes += bytes;
  from.tally.span += std::chrono::duration_cast<std::chrono::microseconds>(gap);
}

std::vector<Assembly::Ready> Assembly::datagram(const Datagram& datagram, Clock::time_point now) {
  std::vector<Ready> ready;
  if (datagram.channel == 0 || datagram.channel > channels_) {
    count_malformed();
    return ready;
  }
  Sender& from = sender(datagram.sender);
  std::uint64_t& highest = from.highest[datagram.channel - 1u];
  highest = std::max(highest, datagram.sequence);
  if (datagram.piece == Datagram::kMark) {
    take_settled(datagram.sender, ready);
    return ready;
  }
  tally_arrival(from, datagram.values.size() * sizeof(float) + Datagram::kHead, now);
  const Place place{datagram.sender, datagram.key, datagram.offset};
  const auto known = states_.find(place);
  if (known != states_.end() && known->second.pending && known->second.pending->turn == datagram.turn) {
    if (!place_piece(*known->second.pending, datagram)) count_malformed();
    if (known->second.pending->missing_count == 0) ready.push_back(finish(place, known->second));
  } else if (known != states_.end() && datagram.turn <= known->second.done) {
    ++counters_.late;
  } else if (from.early < kMostEarly) {
    ++from.early;
    states_[place].early.push_back(datagram);
  } else {
    count_malformed();
  }
  return ready;
}

bool Assembly::settled(const Pending& pending, const Sender& from) const {
  if (pending.missing_count == 0) return true;
  for (std::size_t channel = 0; channel < channels_; ++channel) {
    if (from.highest[channel] <= pending.last[channel] && pending.last[channel] > 0) return false;
  }
  return true;  // what is not here has been lost
}

void Assembly::take_settled(std::uint32_t id, std::vector<Ready>& ready) {
  const Sender& from = sender(id);
  for (auto next = waiting_.lower_bound({id, 0, 0}); next != waiting_.end() && next->sender == id;) {
    const Place place = *next++;
    State& state = states_.at(place);
    if (settled(*state.pending, from)) ready.push_back(finish(place, state));
  }
}

Assembly::Clock::time_point Assembly::deadline_of(const Place& place, const Pending& pending) const {
  return std::max(pending.opened, senders_.at(place.sender).last_arrival) + silence_;
}

void Assembly::forget(NodeId sender) {
  const auto is_its = [id = sender.packed()](const Place& place) { return place.sender == id; };
  std::erase_if(states_, [&](const auto& entry) { return is_its(entry.first); });
  std::erase_if(waiting_, is_its);
  senders_.erase(sender.packed());
}

std::vector<Assembly::Ready> Assembly::expire(Clock::time_point now) {
  std::vector<Ready> ready;
  for (auto next = waiting_.begin(); next != waiting_.end();) {
    const Place place = *next++;
    State& state = states_.at(place);
    if (deadline_of(place, *state.pending) <= now) ready.push_back(finish(place, state));
  }
  return ready;
}

Assembly::Clock::time_point Assembly::deadline() const {
  auto next = Clock::time_point::max();
  for (const Place& place : waiting_) next = std::min(next, deadline_of(place, *states_.at(place).pending));
  return next;
}

Assembly::Ready Assembly::finish(const Place& place, State& state) {
  Pending pending = std::move(*state.pending);
  state.pending.reset();
  waiting_.erase(place);
  state.done = pending.turn;
  counters_.missing += pending.missing_count;
  sender(place.sender).tally.sent += pending.announced;
  pending.message.header.mutable_data()->clear_dgt();
  const std::size_t bytes = pending.blocks.length() * sizeof(float);
  const float* values = pending.values.get();
  pending.message.frames.assign(1, Buffer(std::shared_ptr<const void>(std::move(pending.values)), values, bytes));
  return {NodeId::unpacked(place.sender), std::move(pending.message)};
}

std::optional<Pacer::Report> Assembly::report_for(NodeId id) {
  Sender& from = sender(id.packed());
  if (from.tally.sent < kEnough) return std::nullopt;
  return std::exchange(from.tally, {});
}

}  // namespace geomx::ps
