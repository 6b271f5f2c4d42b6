#pragma once

#include <atomic>
#include <cstddef>

#include "ps/transport/transport.h"

namespace geomx::ps {

// Transport::Counters that any thread may add to.
class Traffic {
 public:
  void sent(std::size_t bytes) {
    messages_sent_.fetch_add(1, std::memory_order_relaxed);
    bytes_sent_.fetch_add(bytes, std::memory_order_relaxed);
  }
  void received(std::size_t bytes) {
    messages_received_.fetch_add(1, std::memory_order_relaxed);
    bytes_received_.fetch_add(bytes, std::memory_order_relaxed);
  }
  void rejected() { rejected_.fetch_add(1, std::memory_order_relaxed); }

  Transport::Counters counters() const {
    return {.messages_sent = messages_sent_.load(std::memory_order_relaxed),
            .bytes_sent = bytes_sent_.load(std::memory_order_relaxed),
            .messages_received = messages_received_.load(std::memory_order_relaxed),
            .bytes_received = bytes_received_.load(std::memory_order_relaxed),
            .rejected = rejected_.load(std::memory_order_relaxed)};
  }

 private:
  std::atomic<std::uint64_t> messages_sent_{0}, bytes_sent_{0};
  std::atomic<std::uint64_t> messages_received_{0}, bytes_received_{0};
  std::atomic<std::uint64_t> rejected_{0};
};

}  // namespace geomx::ps
