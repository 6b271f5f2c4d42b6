#include "ps/transport/zmq_channel.h"

#include <atomic>
#include <cstdint>
#include <cstring>
#include <utility>

#include "ps/config/error.h"
#include "ps/transport/wire.h"

namespace geomx::ps::zeromq {
namespace {

// Below this, copying a frame costs less than sharing it.
constexpr std::size_t kCopyBelow = 512;

// A frame on its way out; ZeroMQ's I/O thread gives it back. `handed_over` repeats, where the language and its tools
// can see it, the order between the two threads that ZeroMQ's queues make.
struct Outgoing {
  explicit Outgoing(Buffer buffer) : frame(std::move(buffer)) {}

  Buffer frame;
  std::atomic<bool> handed_over{false};

  static void give_back(void* /*data*/, void* hint) {
    auto* outgoing = static_cast<Outgoing*>(hint);
    [[maybe_unused]] const bool seen = outgoing->handed_over.load(std::memory_order_acquire);
    delete outgoing;
  }
};

void make_room(Part& part, std::size_t size) {
  if (zmq_msg_init_size(part.get(), size) != 0)
    throw Error("no memory for a message of " + std::to_string(size) + " bytes");
}

void fill(Part& part, const void* data, std::size_t size) {
  make_room(part, size);
  if (size > 0) std::memcpy(zmq_msg_data(part.get()), data, size);
}

void fill(Part& part, const Buffer& frame) {
  if (frame.size() < kCopyBelow) return fill(part, frame.data(), frame.size());
  auto outgoing = std::make_unique<Outgoing>(frame);
  outgoing->handed_over.store(true, std::memory_order_release);
  // ZeroMQ only reads what is to be sent.
  if (zmq_msg_init_data(part.get(), const_cast<void*>(frame.data()), frame.size(), Outgoing::give_back,
                        outgoing.get()) != 0) {
    throw Error("no memory for a message");
  }
  static_cast<void>(outgoing.release());
}

// The frame that lies in a received part; without a copy unless ZeroMQ left it unaligned (it packs small ones).
Buffer wrap(std::shared_ptr<Part> part) {
  const void* data = part->data();
  const std::size_t size = part->size();
  if (reinterpret_cast<std::uintptr_t>(data) % Buffer::kAlignment != 0) return Buffer::copy_of(data, size);
  return {std::move(part), data, size};
}

}  // namespace

Channel::Channel(Socket socket, std::string route)
    : descriptor_(socket.descriptor()), route_(std::move(route)), socket_(std::move(socket)) {}

Channel::Sent Channel::send(const std::string& identity, const Message& message) {
  Part to;
  if (!identity.empty()) fill(to, identity.data(), identity.size());
  const std::size_t header_size = message.header.ByteSizeLong();
  Part head;
  make_room(head, header_size);
  message.header.SerializeWithCachedSizesToArray(static_cast<std::uint8_t*>(zmq_msg_data(head.get())));
  std::vector<Part> frames(message.frames.size());
  for (std::size_t i = 0; i < frames.size(); ++i) fill(frames[i], message.frames[i]);

  const std::lock_guard lock(mutex_);
  if (!socket_) return {};
  bool sent = (identity.empty() || socket_->send(to, true)) && socket_->send(head, !frames.empty());
  for (std::size_t i = 0; i < frames.size() && sent; ++i) sent = socket_->send(frames[i], i + 1 < frames.size());
  const bool readable = socket_->readable();
  if (readable) readable_.store(true);
  return {.bytes = sent ? header_size + frame_bytes(message) : 0, .readable = readable};
}

bool Channel::receive(Parts& parts) {
  parts = Parts{.route = route_, .head = nullptr, .frames = {}};
  const std::lock_guard lock(mutex_);
  if (!socket_) return false;
  bool more = true;
  if (route_.empty()) {
    Part identity;
    if (!socket_->receive(identity)) return false;
    parts.route = identity.text();
    more = identity.more();
  }
  // The parts of a message arrive together.
  while (more) {
    auto part = std::make_shared<Part>();
    if (!socket_->receive(*part)) return parts.head != nullptr;
    more = part->more();
    if (parts.head) {
      parts.frames.push_back(wrap(std::move(part)));
    } else {
      parts.head = std::move(part);
    }
  }
  return true;
}

void Channel::close(std::optional<std::chrono::milliseconds> linger) {
  const std::lock_guard lock(mutex_);
  if (!socket_) return;
  if (linger) socket_->linger(static_cast<int>(linger->count()));
  socket_.reset();
}

}  // namespace geomx::ps::zeromq
