#include "ps/flow/assembly.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "ps/config/error.h"
#include "ps/flow/four_bits.h"

namespace geomx::ps {
namespace {

constexpr std::size_t kMostEarly = 65'536;        // datagrams kept of one sender: 90 MB
constexpr std::uint64_t kLongestChunk = 1ull << 32;  // floats
constexpr std::uint64_t kEnough = 32;             // datagrams that are worth a report
constexpr auto kPause = std::chrono::milliseconds(20);  // between bursts: says nothing about a road's rate

const proto::Slice& slice_of(const Message& message) {
  const proto::Data& data = message.header.data();
  if (data.slices_size() != 1) throw Error("a push by DGT without its one slice");
  return data.slices(0);
}

// The blocks that a message describes. Throws where frames and description disagree.
Blocks blocks_of(const Message& message) {
  const proto::Slice& slice = slice_of(message);
  const proto::DgtBlocks& described = message.header.data().dgt().blocks();
  const std::size_t block = described.block();
  if (block == 0 || slice.length() == 0 || slice.length() >= kLongestChunk) {
    throw Error("a push by DGT of " + std::to_string(slice.length()) + " elements in blocks of " +
                std::to_string(block));
  }
  return {static_cast<std::size_t>(slice.length()), block};
}

// Calls visit(block, where its floats begin in the frame) for each block that is in the first frame.
template <typename Visit>
void for_each_whole(const Message& message, const Blocks& blocks, Visit visit) {
  const std::vector<bool> whole = from_bits(message.header.data().dgt().blocks().whole(), blocks.count());
  std::size_t at = 0;
  for (std::size_t block = 0; block < whole.size(); ++block) {
    if (whole[block]) at += blocks.run(block).count;
  }
  if (message.frames.empty() || message.frames[0].size() != at * sizeof(float)) {
    throw Error("a push by DGT whose frame has not the " + std::to_string(at) + " elements that it announces");
  }
  const std::span<const float> values = message.frames[0].as<float>();
  at = 0;
  for (std::size_t block = 0; block < whole.size(); ++block) {
    if (!whole[block]) continue;
    const std::size_t count = blocks.run(block).count;
    visit(block, values.subspan(at, count));
    at += count;
  }
}

// The second frame: all blocks that are not in the first, at 4 bits.
void decode_rest(const Message& message, const Blocks& blocks, std::span<float> into) {
  const std::vector<bool> whole = from_bits(message.header.data().dgt().blocks().whole(), blocks.count());
  std::size_t bytes = 0;
  for (std::size_t block = 0; block < whole.size(); ++block) {
    if (!whole[block]) bytes += four_bits_size(blocks.run(block).count);
  }
  if (message.frames.size() != 2 || message.frames[1].size() != bytes) {
    throw Error("a push by DGT whose second frame has not the " + std::to_string(bytes) + " bytes that it announces");
  }
  std::span<const std::uint8_t> rest = message.frames[1].as<std::uint8_t>();
  for (std::size_t block = 0; block < whole.size(); ++block) {
    if (whole[block]) continue;
    const Run run = blocks.run(block);
    const std::size_t size = four_bits_size(run.count);
    decode_four_bits(rest.first(size), into.subspan(run.begin, run.count));
    rest = rest.subspan(size);
  }
}

}  // namespace

Assembly::Sender& Assembly::sender(std::uint32_t id) {
  Sender& known = senders_[id];
  known.highest.resize(channels_);
  return known;
}

std::vector<Assembly::Ready> Assembly::reliable(NodeId from, const Message& message, Clock::time_point now) {
  const proto::Slice& slice = slice_of(message);
  const proto::DgtBlocks& described = message.header.data().dgt().blocks();
  const Place place{from.packed(), slice.key(), slice.offset()};
  State& state = states_[place];
  if (state.pending || described.turn() <= state.done) return {};  // said twice
  Pending pending;
  pending.blocks = blocks_of(message);
  pending.values = std::make_shared<float[]>(pending.blocks.length());
  pending.turn = described.turn();
  pending.opened = pending.sign = now;
  pending.last.assign(described.last().begin(), described.last().end());
  pending.last.resize(channels_);
  pending.missing.resize(pending.blocks.piece_count());
  const std::span<float> values(pending.values.get(), pending.blocks.length());
  for_each_whole(message, pending.blocks, [&](std::size_t block, std::span<const float> floats) {
    std::copy(floats.begin(), floats.end(), values.begin() + static_cast<std::ptrdiff_t>(pending.blocks.run(block).begin));
  });
  if (described.four_bits()) {
    decode_rest(message, pending.blocks, values);
  } else {
    const std::vector<bool> whole = from_bits(described.whole(), pending.blocks.count());
    for (std::size_t piece = 0; piece < pending.missing.size(); ++piece) {
      if (whole[piece / pending.blocks.pieces_per_block()] || pending.blocks.piece(piece).count == 0) continue;
      pending.missing[piece] = true;
      ++pending.missing_count;
    }
    if (std::any_of(pending.last.begin(), pending.last.end(), [](std::uint64_t last) { return last > 0; })) {
      pending.announced = pending.missing_count;
    }
  }
  if (state.carry.size() == values.size()) {
    for (std::size_t i = 0; i < values.size(); ++i) values[i] += state.carry[i];
  }
  state.carry.clear();
  pending.message.header = message.header;
  Sender& known = sender(place.sender);
  for (const Datagram& early : std::exchange(state.early, {})) {
    --known.early;
    if (early.turn == pending.turn && place_piece(pending, early)) continue;
    ++counters_.malformed;
  }
  state.pending = std::move(pending);
  waiting_.insert(place);
  std::vector<Ready> ready;
  if (complete(*state.pending, known) || wait_ <= Clock::duration{}) ready.push_back(finish(place, state));
  return ready;
}

std::vector<Assembly::Ready> Assembly::deferred(NodeId from, const Message& message, Clock::time_point now) {
  const proto::Slice& slice = slice_of(message);
  const Place place{from.packed(), slice.key(), slice.offset()};
  State& state = states_[place];
  const Blocks blocks = blocks_of(message);
  const std::uint64_t turn = message.header.data().dgt().blocks().turn();
  const bool in_time = state.pending && state.pending->turn == turn && state.pending->blocks.length() == blocks.length();
  if (!in_time) state.carry.resize(blocks.length());
  for_each_whole(message, blocks, [&](std::size_t block, std::span<const float> floats) {
    const Run run = blocks.run(block);
    float* into = (in_time ? state.pending->values.get() : state.carry.data()) + run.begin;
    for (std::size_t i = 0; i < floats.size(); ++i) into[i] += floats[i];
    for (std::size_t i = 0; i < blocks.pieces_per_block(); ++i) {
      const std::size_t piece = blocks.first_piece(block) + i;
      if (blocks.piece(piece).count == 0) continue;
      if (!in_time) {
        ++counters_.late;
      } else if (state.pending->missing[piece]) {
        state.pending->missing[piece] = false;
        --state.pending->missing_count;
        ++counters_.pieces;
      }
    }
  });
  std::vector<Ready> ready;
  if (!in_time) return ready;
  state.pending->sign = now;
  if (state.pending->missing_count == 0) ready.push_back(finish(place, state));
  return ready;
}

bool Assembly::place_piece(Pending& pending, const Datagram& datagram) {
  if (datagram.piece >= pending.missing.size() || !pending.missing[datagram.piece]) return false;
  const Run run = pending.blocks.piece(datagram.piece);
  if (run.count != datagram.values.size()) return false;
  std::copy(datagram.values.begin(), datagram.values.end(), pending.values.get() + run.begin);
  pending.missing[datagram.piece] = false;
  --pending.missing_count;
  ++counters_.pieces;
  return true;
}

void Assembly::tally_arrival(Sender& from, std::size_t bytes, Clock::time_point now) {
  const auto gap = now - from.last_arrival;
  from.last_arrival = now;
  ++from.tally.arrived;
  if (gap > kPause) return;
  from.tally.bytes += bytes;
  from.tally.span += std::chrono::duration_cast<std::chrono::microseconds>(gap);
}

std::vector<Assembly::Ready> Assembly::datagram(const Datagram& datagram, Clock::time_point now) {
  std::vector<Ready> ready;
  if (datagram.channel > channels_) {
    ++counters_.malformed;
    return ready;
  }
  Sender& from = sender(datagram.sender);
  std::uint64_t& highest = from.highest[datagram.channel - 1];
  highest = std::max(highest, datagram.sequence);
  if (datagram.piece != Datagram::kMark) {
    tally_arrival(from, datagram.values.size() * sizeof(float) + Datagram::kHeader, now);
    State& state = states_[{datagram.sender, datagram.key, datagram.offset}];
    if (state.pending && state.pending->turn == datagram.turn) {
      if (!place_piece(*state.pending, datagram)) ++counters_.malformed;
      state.pending->sign = now;
    } else if (datagram.turn <= state.done) {
      ++counters_.late;
    } else if (from.early < kMostEarly) {
      ++from.early;
      state.early.push_back(datagram);
    } else {
      ++counters_.malformed;
    }
  }
  take_settled(datagram.sender, ready);
  return ready;
}

bool Assembly::complete(const Pending& pending, const Sender& from) const {
  if (pending.missing_count == 0) return true;
  if (pending.announced == 0) return false;
  for (std::size_t channel = 0; channel < channels_; ++channel) {
    if (from.highest[channel] < pending.last[channel]) return false;
  }
  return true;  // what is not here has been lost
}

void Assembly::take_settled(std::uint32_t id, std::vector<Ready>& ready) {
  const Sender& from = sender(id);
  for (auto next = waiting_.lower_bound({id, 0, 0}); next != waiting_.end() && next->sender == id;) {
    const Place place = *next++;
    State& state = states_.at(place);
    if (complete(*state.pending, from)) ready.push_back(finish(place, state));
  }
}

Assembly::Clock::time_point Assembly::deadline_of(const Pending& pending) const {
  return std::min(pending.opened + wait_, pending.sign + wait_ / 5);
}

std::vector<Assembly::Ready> Assembly::expire(Clock::time_point now) {
  std::vector<Ready> ready;
  for (auto next = waiting_.begin(); next != waiting_.end();) {
    const Place place = *next++;
    State& state = states_.at(place);
    if (deadline_of(*state.pending) <= now) ready.push_back(finish(place, state));
  }
  return ready;
}

Assembly::Clock::time_point Assembly::deadline() const {
  auto next = Clock::time_point::max();
  for (const Place& place : waiting_) next = std::min(next, deadline_of(*states_.at(place).pending));
  return next;
}

Assembly::Ready Assembly::finish(const Place& place, State& state) {
  Pending pending = std::move(*state.pending);
  state.pending.reset();
  waiting_.erase(place);
  state.done = pending.turn;
  counters_.missing += pending.missing_count;
  Sender& from = sender(place.sender);
  from.tally.sent += pending.announced;
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
