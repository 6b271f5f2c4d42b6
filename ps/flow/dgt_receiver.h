#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "ps/config/flow_config.h"
#include "ps/config/log.h"
#include "ps/flow/assembly.h"
#include "ps/flow/udp.h"
#include "ps/membership/member.h"

namespace geomx::ps {

// The receiving end of differential gradient transmission, at a global server: hands on the pushes that an Assembly has
// put together. Where the mode has datagrams it listens for them, on a socket per channel, and tells each sender how
// its datagrams fared.
//
// Threading: receive() is for the member's receive thread. `deliver` is called on it, and on a thread of this object's
// own until stop() has returned. Errors: Error where sockets cannot be opened. Malformed datagrams are counted and
// dropped; a malformed message is delivered as it came, for the server to refuse.
class DgtReceiver {
 public:
  using Deliver = std::function<void(NodeId from, const Message& message)>;

  // `member` outlives it.
  DgtReceiver(Member& member, const FlowConfig::Dgt& config, Deliver deliver, Log log);
  ~DgtReceiver();
  DgtReceiver(const DgtReceiver&) = delete;
  DgtReceiver& operator=(const DgtReceiver&) = delete;

  void receive(NodeId from, const Message& message);
  // The sender is lost: what is not complete of its pushes will be sent again.
  void forget(NodeId sender);
  void stop();
  Assembly::Counters counters() const;

 private:
  class Wake;

  void offer(NodeId to);
  void listen();
  // What lies in a socket. Returns what is done by it.
  std::vector<Assembly::Ready> drain(Udp& socket);
  void hand_on(const std::vector<Assembly::Ready>& ready);
  void hand_on_here(const std::vector<Assembly::Ready>& ready);  // on the own thread

  Member& member_;
  const Deliver deliver_;
  const Log log_;
  const double drop_;  // share of the datagrams
  const std::optional<Seal> seal_;
  std::vector<Udp> sockets_;  // by channel
  std::unique_ptr<Wake> wake_;
  mutable std::mutex mutex_;
  Assembly assembly_;      // guarded by mutex_
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;     // where there are sockets
};

}  // namespace geomx::ps
