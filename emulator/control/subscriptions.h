#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "emulator/control/control.pb.h"
#include "emulator/control/zmq_router.h"

namespace geomx::control {

// The clients at the other ends of the ZeroMQ road: what is under way to each, which each says it has read, and so how
// much more it may be sent; who has subscribed, and whose next sample is due. ZeroMQ neither tells that a client has
// gone nor how much waits for one: the first is found out by sending, the second counted here. One thread.
class Subscriptions {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Subscriptions(Router& router) : router_(router) {}

  // A message of that client has come, which says that it has received so many. False: it has far too much unread, and
  // what it asks is not to be carried out, for it could not be told.
  bool heard(const std::string& client, std::uint64_t received);
  // A message that says nothing of the kind.
  bool heard(const std::string& client);
  void answer(const std::string& client, wire::Answer answer);

  // Every interval a sample is due, and at once; 0: never.
  void subscribe(const std::string& client, std::chrono::milliseconds interval);
  std::size_t subscribers() const;
  // To every subscriber. One that has not read thousands before it loses its subscription, and is told so.
  void publish(const wire::Answer& event);
  // Those to whom a sample is due now and who have read what they were sent before; the others' is left out.
  std::vector<std::string> due();
  void deliver(const std::vector<std::string>& clients, const wire::Answer& sample);
  std::optional<Clock::time_point> next_due() const;

  std::uint64_t abandoned() const { return abandoned_; }

 private:
  struct Client {
    std::uint64_t received = 0;
    std::deque<std::size_t> unread;  // sizes of what it has not said that it has received
    std::size_t unread_bytes = 0;
    bool subscribed = false;
    bool given_up = false;
    std::chrono::milliseconds interval{0};
    Clock::time_point next_sample{};
  };
  void send(std::map<std::string, Client>::iterator client, const std::string& message);
  std::map<std::string, Client>::iterator find(const std::string& client);
  bool accepts(Client& client);
  void remove_gone();

  Router& router_;
  std::map<std::string, Client> clients_;
  std::size_t most_clients_ = 64;  // above that, those who have gone are looked for
  std::uint64_t abandoned_ = 0;
};

// What is sent as it is: an answer with the protocol's number.
std::string serialized(wire::Answer answer);

}  // namespace geomx::control
