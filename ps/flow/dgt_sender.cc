#include "ps/flow/dgt_sender.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "ps/config/error.h"
#include "ps/flow/four_bits.h"

namespace geomx::ps {
namespace {

using Mode = FlowConfig::Dgt::Mode;

// Deferred blocks leave after all others, among themselves by their layers.
constexpr std::uint32_t kDeferred = 0x80000000;

// An array that is filled before it is sent.
struct Floats {
  explicit Floats(std::size_t count) : memory(new float[count]), length(count) {}
  std::shared_ptr<float[]> memory;
  std::size_t length;
  std::span<float> span() const { return {memory.get(), length}; }
  Buffer buffer() const { return {memory, memory.get(), length * sizeof(float)}; }
};

// The floats of the blocks in `set`, one after the other.
Buffer gather(const Blocks& blocks, const std::vector<bool>& set, std::span<const float> values) {
  std::size_t length = 0;
  for (std::size_t block = 0; block < set.size(); ++block) length += set[block] ? blocks.run(block).count : 0;
  const Floats floats(length);
  std::size_t at = 0;
  for (std::size_t block = 0; block < set.size(); ++block) {
    if (!set[block]) continue;
    const Run run = blocks.run(block);
    std::ranges::copy(values.subspan(run.begin, run.count), floats.span().begin() + static_cast<std::ptrdiff_t>(at));
    at += run.count;
  }
  return floats.buffer();
}

bool is_of(const proto::Slice& slice, const Message& message) {
  const proto::Data& data = message.header.data();
  return data.operation() == proto::DGT && data.slices_size() == 1 && data.slices(0).key() == slice.key() &&
         data.slices(0).offset() == slice.offset();
}

std::optional<Seal> seal_of(const PlaneConfig& plane) {
  return plane.datagram_key.empty() ? std::nullopt : std::optional<Seal>(plane.datagram_key);
}

}  // namespace

DgtSender::DgtSender(Member& member, Road& road, const FlowConfig::Dgt& config, std::shared_ptr<const Losses> losses,
                     Log log)
    : member_(member),
      road_(road),
      config_(config),
      losses_(std::move(losses)),
      log_(std::move(log)),
      share_(config.k, config.k_min, config.adapts) {
  if (config_.mode != Mode::datagrams) return;
  datagrams_ = std::make_unique<DatagramRoad>(member.self(), config_.channels, seal_of(member.plane()));
}

void DgtSender::ask() {
  for (int rank = 0; rank < member_.num_servers(); ++rank) ask({Role::server, static_cast<std::uint32_t>(rank)});
}

void DgtSender::ask(NodeId server) {
  if (!datagrams_) return;
  Message question;
  question.header.mutable_data()->set_operation(proto::DGT);
  question.header.mutable_data()->mutable_dgt()->set_ask(true);
  road_.send_at_once(server, std::move(question));
}

bool DgtSender::splits(NodeId to, const Message& message) const {
  const proto::Data& data = message.header.data();
  if (data.operation() != proto::PUSH_PULL || data.slices_size() != 1 || message.frames.size() != 1) return false;
  const std::uint64_t length = data.slices(0).length();
  if (length <= config_.block || message.frames[0].size() != length * sizeof(float)) return false;
  return !datagrams_ || datagrams_->is_open(to);
}

void DgtSender::send(NodeId to, Message message, std::uint32_t priority) {
  if (!splits(to, message)) return road_.send(to, std::move(message), priority);
  const std::lock_guard lock(mutex_);
  proto::Data& data = *message.header.mutable_data();
  const proto::Slice slice = data.slices(0);
  const Place place{to, slice.key(), slice.offset()};
  State& state = states_.try_emplace(place, Blocks(slice.length(), config_.block), config_.alpha).first->second;
  const Buffer gradient = with_what_was_left(to, state, slice, message.frames[0]);
  const std::span<const float> values = gradient.as<float>();
  ++state.turn;
  state.contribution.update(values);
  const std::vector<std::size_t> ranking = state.contribution.ranking();
  const double share = share_.at(losses_ ? losses_->mean() : std::nullopt);
  const std::size_t reliable = Share::blocks(share, ranking.size());
  const std::vector<std::size_t> rest(ranking.begin() + static_cast<std::ptrdiff_t>(reliable), ranking.end());
  std::vector<bool> whole(ranking.size(), true);
  for (const std::size_t block : rest) whole[block] = false;

  proto::DgtBlocks& blocks = *data.mutable_dgt()->mutable_blocks();
  blocks.set_block(static_cast<std::uint32_t>(config_.block));
  blocks.set_turn(state.turn);
  blocks.set_whole(to_bits(whole));
  message.frames[0] = gather(state.blocks, whole, values);
  if (config_.mode == Mode::four_bits) add_four_bits(state, whole, values, message);
  if (config_.mode == Mode::datagrams) add_datagrams(to, state, rest, gradient, data);
  road_.send(to, std::move(message), priority);
  if (config_.mode == Mode::deferred) defer(to, state, rest, gradient, slice, priority);
  if (config_.info) tell(state, slice, share, reliable);
}

void DgtSender::add_datagrams(NodeId to, State& state, const std::vector<std::size_t>& rest, const Buffer& gradient,
                              proto::Data& data) {
  std::vector<DatagramRoad::Piece> pieces;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const auto channel = static_cast<int>(i * static_cast<std::size_t>(config_.channels) / rest.size()) + 1;
    for (std::size_t j = 0; j < state.blocks.pieces_per_block(); ++j) {
      const std::size_t number = state.blocks.first_piece(rest[i]) + j;
      const Run run = state.blocks.piece(number);
      if (run.count > 0) pieces.push_back({channel, static_cast<std::uint32_t>(number), run});
    }
  }
  const proto::Slice& slice = data.slices(0);
  const auto last = datagrams_->send(to, slice.key(), slice.offset(), state.turn, gradient, pieces);
  data.mutable_dgt()->mutable_blocks()->mutable_last()->Assign(last.begin(), last.end());
}

void DgtSender::add_four_bits(State& state, const std::vector<bool>& whole, std::span<const float> gradient,
                              Message& message) {
  std::size_t bytes = 0;
  for (std::size_t block = 0; block < whole.size(); ++block) {
    if (!whole[block]) bytes += four_bits_size(state.blocks.run(block).count);
  }
  const std::shared_ptr<std::uint8_t[]> encoded(new std::uint8_t[bytes]);
  state.residual.assign(gradient.size(), 0);
  std::size_t at = 0;
  for (std::size_t block = 0; block < whole.size(); ++block) {
    if (whole[block]) continue;
    const Run run = state.blocks.run(block);
    const std::size_t size = four_bits_size(run.count);
    encode_four_bits(gradient.subspan(run.begin, run.count), std::span(state.residual).subspan(run.begin, run.count),
                     {encoded.get() + at, size});
    at += size;
  }
  message.header.mutable_data()->mutable_dgt()->mutable_blocks()->set_four_bits(true);
  message.frames.emplace_back(encoded, encoded.get(), bytes);
}

// Deferred blocks leave a few at a time, so that those of shallower layers, and all that is not deferred, need not wait
// for long.
void DgtSender::defer(NodeId to, const State& state, const std::vector<std::size_t>& rest, const Buffer& gradient,
                      const proto::Slice& slice, std::uint32_t priority) {
  const std::size_t at_once = std::max<std::size_t>(kDeferredBytes / sizeof(float) / config_.block, 1);
  for (std::size_t first = 0; first < rest.size(); first += at_once) {
    std::vector<bool> set(state.blocks.count());
    for (std::size_t i = first; i < std::min(first + at_once, rest.size()); ++i) set[rest[i]] = true;
    Message message;
    proto::Data& data = *message.header.mutable_data();
    data.set_operation(proto::DGT);
    *data.add_slices() = slice;
    proto::DgtBlocks& blocks = *data.mutable_dgt()->mutable_blocks();
    blocks.set_block(static_cast<std::uint32_t>(config_.block));
    blocks.set_turn(state.turn);
    blocks.set_whole(to_bits(set));
    message.frames.push_back(gather(state.blocks, set, gradient.as<float>()));
    road_.send(to, std::move(message), kDeferred | priority);
  }
}

Buffer DgtSender::with_what_was_left(NodeId to, const State& state, const proto::Slice& slice, const Buffer& gradient) {
  std::vector<Message> waiting;
  if (config_.mode == Mode::deferred) {
    waiting = road_.withdraw(to, [&](const Message& message) { return is_of(slice, message); });
  }
  if (waiting.empty() && state.residual.empty()) return gradient;
  const std::span<const float> values = gradient.as<float>();
  const Floats sum(values.size());
  std::ranges::copy(values, sum.span().begin());
  for (std::size_t i = 0; i < state.residual.size(); ++i) sum.span()[i] += state.residual[i];
  for (const Message& message : waiting) {
    const std::vector<bool> set = from_bits(message.header.data().dgt().blocks().whole(), state.blocks.count());
    std::span<const float> floats = message.frames[0].as<float>();
    for (std::size_t block = 0; block < set.size(); ++block) {
      if (!set[block]) continue;
      const Run run = state.blocks.run(block);
      for (std::size_t i = 0; i < run.count; ++i) sum.span()[run.begin + i] += floats[i];
      floats = floats.subspan(run.count);
    }
  }
  return sum.buffer();
}

void DgtSender::tell(const State& state, const proto::Slice& slice, double share, std::size_t reliable) const {
  if (!log_) return;
  char text[160];
  std::snprintf(text, sizeof text, "DGT: tensor %u from element %llu: %zu of %zu blocks reliably (k = %.3f)",
                slice.key(), static_cast<unsigned long long>(slice.offset()), reliable, state.blocks.count(), share);
  log_(kNecessary, text);
}

void DgtSender::receive(NodeId from, const Message& message) {
  if (!datagrams_) return;
  const proto::Dgt& dgt = message.header.data().dgt();
  if (dgt.has_offer()) {
    const auto seal = seal_of(member_.plane());
    if (dgt.offer().fingerprint() != (seal ? seal->fingerprint() : "")) {
      throw Error("GEOMX_DGT_KEY is not the same at " + member_.name_of(from) +
                  " as here: datagrams are sealed with one key, or none are");
    }
    std::vector<Endpoint> channels;
    const std::string host = member_.endpoint_of(from).host;
    for (const std::uint32_t port : dgt.offer().ports()) channels.push_back({host, static_cast<int>(port)});
    datagrams_->open(from, std::move(channels));
  }
  if (dgt.has_report()) {
    datagrams_->report(from, {.sent = dgt.report().sent(),
                              .arrived = dgt.report().arrived(),
                              .bytes = dgt.report().bytes(),
                              .span = std::chrono::microseconds(dgt.report().span_us())});
  }
}

void DgtSender::forget(NodeId peer) {
  if (datagrams_) datagrams_->forget(peer);
}

void DgtSender::stop() {
  if (datagrams_) datagrams_->stop();
}

}  // namespace geomx::ps
