#include "ps/transport/zmq_transport.h"

#include <poll.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <deque>
#include <map>
#include <mutex>
#include <random>
#include <utility>
#include <vector>

#include "ps/config/error.h"
#include "ps/transport/rejections.h"
#include "ps/transport/traffic.h"
#include "ps/transport/wake.h"
#include "ps/transport/wire.h"
#include "ps/transport/zmq_channel.h"
#include "ps/transport/zmq_gatekeeper.h"
#include "ps/transport/zmq_socket.h"

#if defined(__SANITIZE_THREAD__)
// libzmq is not instrumented: TSan sees its memory accesses (recv, free, ...) but not the atomics that order them.
extern "C" const char* __tsan_default_suppressions() {
  return "called_from_lib:libzmq.so\n";
}
#endif

namespace geomx::ps {
namespace {

using zeromq::Channel;
using zeromq::Context;
using zeromq::Gatekeeper;
using zeromq::Socket;

// Messages per connection that the I/O thread may have read before the receiving thread takes them; more stay with the
// kernel. So the receiving thread finds them in the caches, and not behind what has been read since. This cannot block
// the protocol: the receiving thread always goes on reading, for sending never waits.
constexpr int kReceiveAhead = 4;

// Short enough for std::string to keep it without an allocation.
std::string random_identity() {
  std::random_device device;
  std::string identity = "n";  // a zero byte in front is reserved
  for (int i = 0; i < 3; ++i) {
    const std::uint32_t word = device();
    identity.append(reinterpret_cast<const char*>(&word), sizeof word);
  }
  return identity;
}

// Routes of messages that came by a connection of ours; those of the listener start with 'n' or a zero byte.
std::string dealer_route(NodeId peer) {
  return "d" + std::to_string(peer.packed());
}

class ZmqTransport : public Transport {
 public:
  explicit ZmqTransport(ZmqOptions options)
      : options_(std::move(options)), rejections_(options_.log), context_(std::make_unique<Context>()) {
    zeromq::require_usable(options_.security);
  }
  ~ZmqTransport() override { stop_now(); }

  Endpoint bind(const Endpoint& wanted) override;
  void connect(NodeId peer, const Endpoint& endpoint) override;
  void adopt(NodeId peer, const std::string& route) override;
  void disconnect(NodeId peer) override;
  void send(NodeId peer, Message message) override;
  void reply(const std::string& route, Message message) override;
  std::optional<Received> receive(Clock::time_point deadline) override;
  using Transport::stop;
  void stop(std::optional<std::chrono::milliseconds> at_most) override { stop_now(at_most); }
  std::unique_ptr<Transport> sibling() const override { return make_zmq_transport(options_); }
  Counters counters() const override {
    Counters counters = traffic_.counters();
    counters.rejected = rejections_.count();
    return counters;
  }

 private:
  struct Road {
    std::shared_ptr<Channel> channel;  // null: the peer has gone
    std::string identity;              // of a peer that connected to our listener; else empty

    bool ours() const { return channel && identity.empty(); }  // a connection that we made
  };

  Socket open(int type);
  void transmit(const Road& road, const Message& message);
  std::optional<Received> take(Channel& channel);
  void refresh_polled();
  void poll(Clock::time_point deadline);
  void stop_now(std::optional<std::chrono::milliseconds> at_most = {});

  const ZmqOptions options_;
  const std::string identity_ = random_identity();
  Wake wake_;
  Traffic traffic_;
  Rejections rejections_;

  std::mutex mutex_;                        // of what follows; taken before a channel's
  std::atomic<bool> stopped_{false};        // written with it
  std::unique_ptr<Gatekeeper> gatekeeper_;  // of the listener; destroyed when the context has been
  std::unique_ptr<Context> context_;
  std::shared_ptr<Channel> listener_;
  std::map<NodeId, Road> roads_;

  std::atomic<std::uint64_t> generation_{1};  // of the set of channels
  // Of the receiving thread:
  std::uint64_t polled_generation_ = 0;
  std::vector<std::shared_ptr<Channel>> polled_;
  std::vector<pollfd> descriptors_;
  std::deque<std::size_t> ready_;  // of polled_, in turns: in which something may lie
  std::vector<bool> is_ready_;     // by index in polled_
  int taken_ = 0;                  // messages since the last poll
};

Socket ZmqTransport::open(int type) {
  Socket socket(*context_, type);
  socket.set(ZMQ_SNDHWM, 0, "ZMQ_SNDHWM");
  socket.set(ZMQ_RCVHWM, kReceiveAhead, "ZMQ_RCVHWM");
  socket.linger(static_cast<int>(options_.linger.count()));
  // A connection whose other end has vanished without a word is found out within four minutes, and one that is idle is
  // kept open through NAT. Sooner would be too soon: what a link that is cut for a while holds back arrives when it
  // heals. Who is silent for longer than PS_HEARTBEAT_TIMEOUT is membership's affair.
  socket.set(ZMQ_TCP_KEEPALIVE, 1, "ZMQ_TCP_KEEPALIVE");
  socket.set(ZMQ_TCP_KEEPALIVE_IDLE, 60, "ZMQ_TCP_KEEPALIVE_IDLE");
  socket.set(ZMQ_TCP_KEEPALIVE_INTVL, 30, "ZMQ_TCP_KEEPALIVE_INTVL");
  socket.set(ZMQ_TCP_KEEPALIVE_CNT, 6, "ZMQ_TCP_KEEPALIVE_CNT");
  socket.set(ZMQ_MAXMSGSIZE, static_cast<std::int64_t>(kMaxFrameBytes), "ZMQ_MAXMSGSIZE");
  return socket;
}

Endpoint ZmqTransport::bind(const Endpoint& wanted) {
  const std::lock_guard lock(mutex_);
  const std::string attempt = "cannot listen on " + to_string(wanted) + ": ";
  if (stopped_ || listener_) throw Error(attempt + (stopped_ ? "the transport has stopped" : "it listens already"));
  if (!gatekeeper_) gatekeeper_ = std::make_unique<Gatekeeper>(*context_, options_.security, rejections_);
  Socket socket = open(ZMQ_ROUTER);
  Gatekeeper::watch(socket);
  zeromq::secure_listener(socket, options_.security);
  // A peer that connects anew takes its old place over.
  socket.set(ZMQ_ROUTER_HANDOVER, 1, "ZMQ_ROUTER_HANDOVER");
  // What goes nowhere shall not be counted as sent.
  socket.set(ZMQ_ROUTER_MANDATORY, 1, "ZMQ_ROUTER_MANDATORY");
  if (!socket.bind("tcp://" + wanted.host + ":" + (wanted.port == 0 ? "*" : std::to_string(wanted.port)))) {
    switch (zmq_errno()) {
      case EADDRINUSE:
        throw Error(attempt + "port " + std::to_string(wanted.port) + " is in use");
      case EADDRNOTAVAIL:
      case ENODEV:
        throw Error(attempt + "this host does not have that address");
      default:
        throw Error(attempt + zmq_strerror(zmq_errno()));
    }
  }
  const std::string bound = socket.last_endpoint();
  Endpoint endpoint{wanted.host, std::stoi(bound.substr(bound.rfind(':') + 1))};
  listener_ = std::make_shared<Channel>(std::move(socket), "");
  generation_.fetch_add(1);
  wake_.notify();
  return endpoint;
}

void ZmqTransport::connect(NodeId peer, const Endpoint& endpoint) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return;
  Socket socket = open(ZMQ_DEALER);
  zeromq::secure_connection(socket, options_.security);
  socket.set(ZMQ_ROUTING_ID, identity_, "ZMQ_ROUTING_ID");
  socket.set(ZMQ_RECONNECT_IVL, 50, "ZMQ_RECONNECT_IVL");
  socket.set(ZMQ_RECONNECT_IVL_MAX, 1000, "ZMQ_RECONNECT_IVL_MAX");
  if (!socket.connect("tcp://" + to_string(endpoint))) {
    throw Error("cannot connect to " + to_string(peer) + " at " + to_string(endpoint) + ": " +
                zmq_strerror(zmq_errno()));
  }
  Road& road = roads_[peer];
  // Left open, a former connection would keep stop() waiting for ever.
  if (road.ours()) road.channel->close(std::chrono::milliseconds(0));
  road = {std::make_shared<Channel>(std::move(socket), dealer_route(peer)), {}};
  generation_.fetch_add(1);
  wake_.notify();
}

void ZmqTransport::adopt(NodeId peer, const std::string& route) {
  const std::lock_guard lock(mutex_);
  if (route == dealer_route(peer)) return;  // the connection that we made ourselves
  Road& road = roads_[peer];
  if (road.ours()) {
    road.channel->close(std::chrono::milliseconds(0));
    generation_.fetch_add(1);
    wake_.notify();
  }
  road = {listener_, route};
}

void ZmqTransport::disconnect(NodeId peer) {
  std::shared_ptr<Channel> channel;
  {
    const std::lock_guard lock(mutex_);
    Road& road = roads_[peer];
    if (road.ours()) channel = std::move(road.channel);
    road = {};
    if (channel) generation_.fetch_add(1);
  }
  if (!channel) return;
  channel->close(std::chrono::milliseconds(0));
  wake_.notify();
}

void ZmqTransport::send(NodeId peer, Message message) {
  Road road;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    const auto found = roads_.find(peer);
    if (found == roads_.end()) throw Error("cannot send to " + to_string(peer) + ": there is no connection to it");
    road = found->second;
  }
  transmit(road, message);
}

void ZmqTransport::reply(const std::string& route, Message message) {
  Road road;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    road = {listener_, route};
    for (const auto& [peer, known] : roads_) {
      if (known.ours() && known.channel->route() == route) road = known;
    }
  }
  transmit(road, message);
}

void ZmqTransport::transmit(const Road& road, const Message& message) {
  if (!road.channel) return;
  const auto outcome = road.channel->send(road.identity, message);
  if (outcome.bytes > 0) traffic_.sent(outcome.bytes);
  if (outcome.readable) wake_.notify();
}

std::optional<Transport::Received> ZmqTransport::take(Channel& channel) {
  Channel::Parts parts;
  while (channel.receive(parts)) {
    Received received;
    if (!parts.head || !decode_header(parts.head->data(), parts.head->size(), received.message.header)) {
      rejections_.note("a message" + (parts.head ? " from " + parts.head->peer_address() + ": " +
                                                       what_is_wrong(parts.head->data(), parts.head->size())
                                                 : std::string(" without a header")));
      continue;
    }
    received.message.frames = std::move(parts.frames);
    received.route = std::move(parts.route);
    traffic_.received(parts.head->size() + frame_bytes(received.message));
    return received;
  }
  return std::nullopt;
}

void ZmqTransport::refresh_polled() {
  const std::uint64_t generation = generation_.load();
  if (generation == polled_generation_) return;
  const std::lock_guard lock(mutex_);
  polled_generation_ = generation;
  polled_.clear();
  if (listener_) polled_.push_back(listener_);
  for (const auto& [peer, road] : roads_) {
    if (road.ours()) polled_.push_back(road.channel);
  }
  descriptors_.assign(1, {wake_.descriptor(), POLLIN, 0});
  for (const auto& channel : polled_) descriptors_.push_back({channel->descriptor(), POLLIN, 0});
  // What was ready may have another index now.
  ready_.clear();
  for (std::size_t i = 0; i < polled_.size(); ++i) ready_.push_back(i);
  is_ready_.assign(polled_.size(), true);
}

// Finds out which channels have become ready.
void ZmqTransport::poll(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
  const auto timeout = std::clamp<std::chrono::milliseconds::rep>(left.count(), 0, 1 << 30);
  taken_ = 0;
  if (::poll(descriptors_.data(), descriptors_.size(), static_cast<int>(timeout)) <= 0) return;
  const bool noted = descriptors_[0].revents != 0;
  if (noted) wake_.clear();
  for (std::size_t i = 0; i < polled_.size(); ++i) {
    if (descriptors_[i + 1].revents == 0 && !(noted && polled_[i]->take_note())) continue;
    if (!is_ready_[i]) ready_.push_back(i);
    is_ready_[i] = true;
  }
}

std::optional<Transport::Received> ZmqTransport::receive(Clock::time_point deadline) {
  constexpr int kOftenEnough = 32;  // messages between two looks at the channels that were quiet
  for (;;) {
    if (stopped_.load()) return std::nullopt;
    refresh_polled();
    if (taken_ >= kOftenEnough) poll(Clock::time_point());  // does not wait
    // In turns, so that a busy peer starves nobody. A channel is read until it is empty before it is polled again: its
    // descriptor tells of changes, not of what lies there.
    while (!ready_.empty()) {
      const std::size_t channel = ready_.front();
      ready_.pop_front();
      if (auto received = take(*polled_[channel])) {
        ready_.push_back(channel);
        ++taken_;
        return received;
      }
      is_ready_[channel] = false;
    }
    if (Clock::now() >= deadline) return std::nullopt;
    poll(deadline);
  }
}

void ZmqTransport::stop_now(std::optional<std::chrono::milliseconds> at_most) {
  std::vector<std::shared_ptr<Channel>> channels;
  std::unique_ptr<Gatekeeper> gatekeeper;
  std::unique_ptr<Context> context;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    gatekeeper = std::move(gatekeeper_);
    context = std::move(context_);
    if (!context) return;
    if (listener_) channels.push_back(listener_);
    for (auto& [peer, road] : roads_) {
      if (road.ours()) channels.push_back(road.channel);
    }
  }
  wake_.notify();
  for (const auto& channel : channels) channel->close(at_most);
  context.reset();  // waits for the linger
  gatekeeper.reset();
}

}  // namespace

std::unique_ptr<Transport> make_zmq_transport(ZmqOptions options) {
  return std::make_unique<ZmqTransport>(std::move(options));
}

}  // namespace geomx::ps
