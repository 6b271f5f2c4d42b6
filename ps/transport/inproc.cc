#include "ps/transport/inproc.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <utility>
#include <variant>

#include "ps/config/error.h"
#include "ps/transport/traffic.h"
#include "ps/transport/wire.h"

namespace geomx::ps {
namespace {

// What has arrived at one transport.
class Inbox {
 public:
  void put(Transport::Received received) {
    {
      const std::lock_guard lock(mutex_);
      if (stopped_) return;
      queue_.push_back(std::move(received));
    }
    arrived_.notify_one();
  }

  std::optional<Transport::Received> take(Transport::Clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    arrived_.wait_until(lock, deadline, [&] { return stopped_ || !queue_.empty(); });
    if (stopped_ || queue_.empty()) return std::nullopt;
    Transport::Received received = std::move(queue_.front());
    queue_.pop_front();
    return received;
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
      queue_.clear();
    }
    arrived_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Transport::Received> queue_;
  bool stopped_ = false;
};

// Messages under way whose frames lie in the sender's memory.
class Loans {
 public:
  static std::shared_ptr<const void> give(const std::shared_ptr<Loans>& loans) {
    const std::lock_guard lock(loans->mutex_);
    ++loans->given_;
    return {loans.get(), [loans](const Loans*) { loans->take_back(); }};
  }

  void wait_for_all(Transport::Clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    returned_.wait_until(lock, deadline, [&] { return given_ == 0; });
  }

 private:
  void take_back() {
    {
      const std::lock_guard lock(mutex_);
      --given_;
    }
    returned_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable returned_;
  int given_ = 0;
};

// How long a transport that stops waits for whoever is reading its sender's memory. It is soon done, unless two stop
// that read each other's.
constexpr std::chrono::seconds kWait{1};

using Address = std::pair<std::string, int>;
struct Gone {};
using Road = std::variant<Gone, Address, std::string>;  // where a peer is reached: nowhere, an endpoint, or a route

}  // namespace

struct InprocNetwork::Impl {
  std::mutex mutex;
  std::map<Address, std::shared_ptr<Inbox>> listening;
  std::map<Address, std::deque<Transport::Received>> waiting;  // sent before anybody listened there
  std::map<std::string, std::shared_ptr<Inbox>> routes;
  int next_port = 20000;
  int next_route = 1;

  void deliver(const Address& address, Transport::Received received) {
    const std::lock_guard lock(mutex);
    const auto there = listening.find(address);
    if (there == listening.end()) {
      waiting[address].push_back(std::move(received));
    } else {
      there->second->put(std::move(received));
    }
  }

  void deliver(const std::string& route, Transport::Received received) {
    const std::lock_guard lock(mutex);
    if (const auto there = routes.find(route); there != routes.end()) there->second->put(std::move(received));
  }
};

class InprocTransport : public Transport {
 public:
  explicit InprocTransport(std::shared_ptr<InprocNetwork> network) : network_(std::move(network)) {
    InprocNetwork::Impl& net = *network_->impl_;
    const std::lock_guard lock(net.mutex);
    route_ = "node-" + std::to_string(net.next_route++);
    net.routes[route_] = inbox_;
  }
  ~InprocTransport() override { close(kWait); }

  Endpoint bind(const Endpoint& wanted) override {
    InprocNetwork::Impl& net = *network_->impl_;
    const std::lock_guard lock(net.mutex);
    Endpoint bound = wanted;
    if (bound.port == 0) {
      while (net.listening.contains({bound.host, net.next_port})) ++net.next_port;
      bound.port = net.next_port++;
    }
    const Address address{bound.host, bound.port};
    if (!net.listening.emplace(address, inbox_).second) {
      throw Error("cannot listen on " + to_string(bound) + ": port " + std::to_string(bound.port) + " is in use");
    }
    if (auto early = net.waiting.extract(address)) {
      for (Received& received : early.mapped()) inbox_->put(std::move(received));
    }
    return bound;
  }

  void connect(NodeId peer, const Endpoint& endpoint) override {
    set_road(peer, Address{endpoint.host, endpoint.port});
  }
  void adopt(NodeId peer, const std::string& route) override { set_road(peer, route); }
  void disconnect(NodeId peer) override { set_road(peer, Gone{}); }

  void send(NodeId peer, Message message) override {
    Road road;
    {
      const std::lock_guard lock(mutex_);
      if (stopped_) return;
      const auto found = roads_.find(peer);
      if (found == roads_.end()) throw Error("cannot send to " + to_string(peer) + ": there is no connection to it");
      road = found->second;
    }
    deliver(road, std::move(message));
  }

  void reply(const std::string& route, Message message) override {
    {
      const std::lock_guard lock(mutex_);
      if (stopped_) return;
    }
    deliver(route, std::move(message));
  }

  std::optional<Received> receive(Clock::time_point deadline) override {
    while (auto received = inbox_->take(deadline)) {
      if (acceptable(received->message.header)) {
        traffic_.received(received->message.header.ByteSizeLong() + frame_bytes(received->message));
        return received;
      }
      traffic_.rejected();
    }
    return std::nullopt;
  }

  using Transport::stop;
  void stop(std::optional<std::chrono::milliseconds> at_most) override { close(at_most.value_or(kWait)); }

  std::unique_ptr<Transport> sibling() const override { return network_->transport(); }
  Counters counters() const override { return traffic_.counters(); }

 private:
  void close(std::chrono::milliseconds at_most) {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    inbox_->stop();
    {
      InprocNetwork::Impl& net = *network_->impl_;
      const std::lock_guard lock(net.mutex);
      net.routes.erase(route_);
      std::erase_if(net.listening, [&](const auto& entry) { return entry.second == inbox_; });
    }
    loans_->wait_for_all(Clock::now() + at_most);
  }

  void set_road(NodeId peer, Road road) {
    const std::lock_guard lock(mutex_);
    roads_[peer] = std::move(road);
  }

  void deliver(const Road& road, Message message) {
    if (std::holds_alternative<Gone>(road)) return;
    traffic_.sent(message.header.ByteSizeLong() + frame_bytes(message));
    const bool owned =
        std::ranges::all_of(message.frames, [](const Buffer& frame) { return frame.owned() || frame.size() == 0; });
    Received received{std::move(message), route_, owned ? nullptr : Loans::give(loans_)};
    if (const auto* address = std::get_if<Address>(&road)) {
      network_->impl_->deliver(*address, std::move(received));
    } else {
      network_->impl_->deliver(std::get<std::string>(road), std::move(received));
    }
  }

  std::shared_ptr<InprocNetwork> network_;
  std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();
  std::shared_ptr<Loans> loans_ = std::make_shared<Loans>();
  std::string route_;
  std::mutex mutex_;
  std::map<NodeId, Road> roads_;
  bool stopped_ = false;
  Traffic traffic_;
};

InprocNetwork::InprocNetwork() : impl_(std::make_unique<Impl>()) {}
InprocNetwork::~InprocNetwork() = default;

std::shared_ptr<InprocNetwork> InprocNetwork::make() {
  return std::shared_ptr<InprocNetwork>(new InprocNetwork);
}

std::unique_ptr<Transport> InprocNetwork::transport() {
  return std::make_unique<InprocTransport>(shared_from_this());
}

}  // namespace geomx::ps
