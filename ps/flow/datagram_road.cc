#include "ps/flow/datagram_road.h"

#include <algorithm>
#include <utility>

namespace geomx::ps {
namespace {

constexpr int kMarks = 2;  // behind a push: without one, the receiver waits to no purpose

}  // namespace

DatagramRoad::DatagramRoad(NodeId self, int channels, std::optional<Seal> seal) : self_(self), seal_(std::move(seal)) {
  for (const int code_point : code_points(channels)) sockets_.emplace_back(code_point);
  thread_ = std::thread([this] { run(); });
}

DatagramRoad::~DatagramRoad() {
  stop();
}

void DatagramRoad::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void DatagramRoad::open(NodeId to, std::vector<Endpoint> channels) {
  if (channels.size() != sockets_.size()) return;  // not an offer to one with so many channels
  const std::lock_guard lock(mutex_);
  const auto [peer, added] = peers_.try_emplace(to);
  peer->second.channels = std::move(channels);
  if (!added) return;
  peer->second.stream = random_number();
  peer->second.queues.resize(sockets_.size());
  peer->second.sequences.resize(sockets_.size());
}

bool DatagramRoad::is_open(NodeId to) const {
  const std::lock_guard lock(mutex_);
  return peers_.contains(to);
}

void DatagramRoad::forget(NodeId peer) {
  const std::lock_guard lock(mutex_);
  peers_.erase(peer);
}

std::vector<std::uint64_t> DatagramRoad::send(NodeId to, std::uint32_t key, std::uint64_t offset, std::uint64_t turn,
                                              const Buffer& frame, const std::vector<Piece>& pieces) {
  std::vector<std::uint64_t> last(sockets_.size());
  const std::lock_guard lock(mutex_);
  const auto found = peers_.find(to);
  if (found == peers_.end()) return last;
  Peer& peer = found->second;
  for (auto& queue : peer.queues) {
    std::erase_if(queue, [&](const Item& item) { return item.head.key == key && item.head.offset == offset; });
  }
  const auto put = [&](std::size_t channel, std::uint32_t piece, const Run& run) {
    Datagram head{.channel = static_cast<std::uint8_t>(channel + 1),
                  .sender = self_.packed(),
                  .stream = peer.stream,
                  .sequence = ++peer.sequences[channel],
                  .turn = turn,
                  .key = key,
                  .piece = piece,
                  .offset = offset,
                  .values = {}};
    peer.queues[channel].push_back({std::move(head), run.count > 0 ? frame : Buffer(), run});
    return peer.sequences[channel];
  };
  for (const Piece& piece : pieces) {
    const auto channel = static_cast<std::size_t>(piece.channel - 1);
    last[channel] = put(channel, piece.number, piece.run);
  }
  for (std::size_t channel = 0; channel < last.size(); ++channel) {
    for (int i = 0; last[channel] > 0 && i < kMarks; ++i) put(channel, Datagram::kMark, {});
  }
  changed_.notify_all();
  return last;
}

void DatagramRoad::report(NodeId from, const Pacer::Report& report) {
  const std::lock_guard lock(mutex_);
  if (const auto peer = peers_.find(from); peer != peers_.end()) peer->second.pacer.report(report);
}

DatagramRoad::Next DatagramRoad::take(Pacer::Clock::time_point now) {
  Next next;
  for (auto& [id, peer] : peers_) {
    const auto queue =
        std::find_if(peer.queues.begin(), peer.queues.end(), [](const auto& waiting) { return !waiting.empty(); });
    if (queue == peer.queues.end()) continue;
    if (peer.pacer.next() > now) {
      next.at = std::min(next.at, peer.pacer.next());
      continue;
    }
    next.item = std::move(queue->front());
    queue->pop_front();
    peer.pacer.sent(next.item->run.count * sizeof(float) + Datagram::kHead, now);
    next.to = peer.channels[next.item->head.channel - 1u];
    return next;
  }
  return next;
}

void DatagramRoad::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const Next next = take(Pacer::Clock::now());
    if (next.item) {
      lock.unlock();
      transmit(*next.item, next.to);
      lock.lock();
    } else if (next.at == Pacer::Clock::time_point::max()) {
      changed_.wait(lock);
    } else {
      changed_.wait_until(lock, next.at);
    }
  }
}

void DatagramRoad::transmit(const Item& item, const Endpoint& to) {
  const std::span<const float> values =
      item.run.count > 0 ? item.frame.as<float>().subspan(item.run.begin, item.run.count) : std::span<const float>();
  sockets_[item.head.channel - 1u].send(to, encode_datagram(item.head, values, seal_ ? &*seal_ : nullptr));
}

}  // namespace geomx::ps
