#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "ps/codec/codec.h"
#include "tests/support/ps_media.h"

namespace geomx::ps::testing {

// Writes down what tensors a job's links carry, as long as every party has more than one worker: the pushes of one are
// taken to be on the LAN, those of several between parties.
class Watch {
 public:
  struct Parcel {
    bool answer = false;  // to a push; else a push
    bool wan = false;
    std::uint64_t total = 0;  // elements of its tensor
    Format format = Format::fp32;
    std::size_t payload = 0;  // bytes
    std::size_t header = 0;   // bytes
  };

  Medium on(const Medium& medium) const {
    return {"watched_" + medium.name, [medium, seen = seen_] { return std::make_unique<Wire>(medium.node(), seen); }};
  }
  std::vector<Parcel> parcels() const {
    const std::lock_guard lock(seen_->mutex);
    return seen_->parcels;
  }

 private:
  struct Seen {
    std::mutex mutex;
    std::vector<Parcel> parcels;
  };

  class Wire : public Transport {
   public:
    Wire(std::unique_ptr<Transport> inner, std::shared_ptr<Seen> seen)
        : inner_(std::move(inner)), seen_(std::move(seen)) {}
    Endpoint bind(const Endpoint& wanted) override { return inner_->bind(wanted); }
    void connect(NodeId peer, const Endpoint& endpoint) override { inner_->connect(peer, endpoint); }
    void adopt(NodeId peer, const std::string& route) override { inner_->adopt(peer, route); }
    void disconnect(NodeId peer) override { inner_->disconnect(peer); }
    void send(NodeId peer, Message message) override {
      const proto::Data& data = message.header.data();
      if (data.operation() == proto::PUSH_PULL) {
        const std::lock_guard lock(seen_->mutex);
        asked_[data.request()] = data.workers() > 1;
        note(message, false, data.workers() > 1);
      }
      inner_->send(peer, std::move(message));
    }
    void reply(const std::string& route, Message message) override { inner_->reply(route, std::move(message)); }
    std::optional<Received> receive(Clock::time_point deadline) override {
      auto received = inner_->receive(deadline);
      if (!received || received->message.header.data().operation() != proto::RESPONSE) return received;
      const std::lock_guard lock(seen_->mutex);
      const auto asked = asked_.find(received->message.header.data().request());
      if (asked != asked_.end()) note(received->message, true, asked->second);
      return received;
    }
    using Transport::stop;
    void stop(std::optional<milliseconds> at_most) override { inner_->stop(at_most); }
    std::unique_ptr<Transport> sibling() const override { return inner_->sibling(); }
    Counters counters() const override { return inner_->counters(); }

   private:
    void note(const Message& message, bool answer, bool wan) {
      const proto::Data& data = message.header.data();
      if (data.slices_size() == 0) return;  // refused
      std::size_t payload = 0;
      for (const Buffer& frame : message.frames) payload += frame.size();
      seen_->parcels.push_back({answer, wan, data.slices(0).total(), static_cast<Format>(data.slices(0).format()),
                                payload, message.header.ByteSizeLong()});
    }

    std::unique_ptr<Transport> inner_;
    std::shared_ptr<Seen> seen_;
    std::map<std::uint64_t, bool> asked_;  // whether between parties; guarded by the mutex of what is seen
  };

  std::shared_ptr<Seen> seen_ = std::make_shared<Seen>();
};

}  // namespace geomx::ps::testing
