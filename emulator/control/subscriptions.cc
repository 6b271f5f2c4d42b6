#include "emulator/control/subscriptions.h"

#include <algorithm>
#include <utility>

#include "emulator/control/protocol.h"

namespace geomx::control {
namespace {

constexpr std::size_t most_unread = 4 << 20;        // bytes for a client that does not read
constexpr std::size_t unread_at_sample = 64 << 10;  // above this a sample is left out: the next one says more
constexpr std::chrono::milliseconds shortest_interval{10};

}  // namespace

std::string serialized(wire::Answer answer) {
  answer.set_protocol(kProtocol);
  return answer.SerializeAsString();
}

std::map<std::string, Subscriptions::Client>::iterator Subscriptions::find(const std::string& client) {
  const auto found = clients_.find(client);
  if (found != clients_.end()) return found;
  if (clients_.size() >= most_clients_) remove_gone();
  return clients_.try_emplace(client).first;
}

// Asking costs the living a message that they ignore; so it is done only when there are twice as many as last time.
void Subscriptions::remove_gone() {
  wire::Answer probe;
  probe.mutable_probe();
  const std::string message = serialized(probe);
  for (auto client = clients_.begin(); client != clients_.end();) send(client++, message);
  most_clients_ = std::max<std::size_t>(64, 2 * clients_.size());
}

bool Subscriptions::accepts(Client& client) {
  if (client.unread_bytes <= most_unread) return true;
  if (!std::exchange(client.given_up, true)) ++abandoned_;
  return false;
}

bool Subscriptions::heard(const std::string& name, std::uint64_t received) {
  Client& client = find(name)->second;
  while (!client.unread.empty() && client.received < received) {
    client.unread_bytes -= client.unread.front();
    client.unread.pop_front();
    ++client.received;
  }
  return accepts(client);
}

bool Subscriptions::heard(const std::string& name) {
  return accepts(find(name)->second);
}

void Subscriptions::send(std::map<std::string, Client>::iterator client, const std::string& message) {
  if (!router_.send(client->first, message)) {
    clients_.erase(client);
    return;
  }
  client->second.unread.push_back(message.size());
  client->second.unread_bytes += message.size();
}

void Subscriptions::answer(const std::string& client, wire::Answer answer) {
  send(find(client), serialized(std::move(answer)));
}

void Subscriptions::subscribe(const std::string& name, std::chrono::milliseconds interval) {
  Client& client = find(name)->second;
  client.subscribed = true;
  client.interval = interval.count() > 0 ? std::max(interval, shortest_interval) : interval;
  client.next_sample = Clock::now();
}

std::size_t Subscriptions::subscribers() const {
  return static_cast<std::size_t>(
      std::count_if(clients_.begin(), clients_.end(), [](const auto& client) { return client.second.subscribed; }));
}

void Subscriptions::publish(const wire::Answer& event) {
  const std::string message = serialized(event);
  for (auto next = clients_.begin(); next != clients_.end();) {
    const auto client = next++;
    if (!client->second.subscribed) continue;
    if (accepts(client->second)) {
      send(client, message);
      continue;
    }
    client->second.subscribed = false;
    wire::Answer end;
    end.set_end("what was subscribed to has not been read for too long");
    send(client, serialized(end));
  }
}

std::vector<std::string> Subscriptions::due() {
  std::vector<std::string> names;
  const auto now = Clock::now();
  for (auto& [name, client] : clients_) {
    if (!client.subscribed || client.interval.count() == 0 || now < client.next_sample) continue;
    client.next_sample = std::max(client.next_sample + client.interval, now);
    if (client.unread_bytes <= unread_at_sample) names.push_back(name);
  }
  return names;
}

void Subscriptions::deliver(const std::vector<std::string>& clients, const wire::Answer& sample) {
  const std::string message = serialized(sample);
  for (const std::string& name : clients) send(clients_.find(name), message);
}

std::optional<Subscriptions::Clock::time_point> Subscriptions::next_due() const {
  std::optional<Clock::time_point> next;
  for (const auto& [name, client] : clients_) {
    if (!client.subscribed || client.interval.count() == 0) continue;
    next = next ? std::min(*next, client.next_sample) : client.next_sample;
  }
  return next;
}

}  // namespace geomx::control
