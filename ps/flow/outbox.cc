#include "ps/flow/outbox.h"

#include <utility>

namespace geomx::ps {
namespace {

std::size_t bytes_of(const Message& message) {
  std::size_t bytes = message.header.ByteSizeLong();
  for (const Buffer& frame : message.frames) bytes += frame.size();
  return bytes;
}

}  // namespace

void Outbox::put(std::uint32_t priority, Message message) {
  queue_.emplace(priority, std::move(message));
}

std::optional<Message> Outbox::take(Clock::time_point now) {
  if (queue_.empty()) return std::nullopt;
  if (!window_.open()) forget_stale(now);
  if (!window_.open()) return std::nullopt;
  Message message = std::move(queue_.extract(queue_.begin()).mapped());
  const std::uint64_t number = ++last_number_;
  message.header.mutable_data()->set_number(number);
  const std::size_t bytes = bytes_of(message);
  window_.sent(bytes);
  in_flight_.emplace(number, Sent{bytes, now});
  return message;
}

void Outbox::acknowledged(std::uint64_t number, Clock::time_point now) {
  const auto sent = in_flight_.extract(number);
  if (!sent) return;
  window_.acknowledged(sent.mapped().bytes, sent.mapped().at, now, !queue_.empty());
}

std::vector<Message> Outbox::withdraw(const std::function<bool(const Message&)>& meant) {
  std::vector<Message> withdrawn;
  for (auto next = queue_.begin(); next != queue_.end();) {
    const auto current = next++;
    if (meant(current->second)) withdrawn.push_back(std::move(queue_.extract(current).mapped()));
  }
  return withdrawn;
}

void Outbox::forget_stale(Clock::time_point now) {
  while (!in_flight_.empty() && now - in_flight_.begin()->second.at > window_.patience()) {
    window_.lost(in_flight_.begin()->second.bytes);
    in_flight_.erase(in_flight_.begin());
  }
}

}  // namespace geomx::ps
