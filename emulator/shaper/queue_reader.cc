#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include "emulator/shaper/frame_reader.h"

namespace geomx::shaper {
namespace {

constexpr std::size_t kBatch = 32;
// 64 KiB of IP packet, an Ethernet header and two VLAN tags.
constexpr std::size_t kLongestFrame = 65535 + 14 + 8;
// From here on a frame keeps the buffer that it was read into rather than being copied.
constexpr std::size_t kWorthKeeping = 8192;

// What one recvmmsg fills; one set per thread serves all of its sockets.
class Batch {
 public:
  Batch() {
    for (std::size_t i = 0; i < kBatch; ++i) {
      parts_[2 * i] = {&headers_[i], sizeof(VnetHeader)};
      renew(i);
    }
  }

  // Number of frames read, or -1 with errno.
  int receive(const PacketSocket& socket) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      msghdr& message = messages_[i].msg_hdr;
      message = {};
      message.msg_iov = &parts_[2 * i];
      message.msg_iovlen = 2;
      message.msg_control = controls_[i].data();
      message.msg_controllen = controls_[i].size();
    }
    return ::recvmmsg(socket.fd(), messages_.data(), kBatch, MSG_DONTWAIT, nullptr);
  }

  Frame take(std::size_t i) {
    const std::size_t size = messages_[i].msg_len - sizeof(VnetHeader);
    if (size < kWorthKeeping) return Frame::copy_of(headers_[i], {buffers_[i].get(), size});
    Frame frame(headers_[i], std::move(buffers_[i]), static_cast<std::uint32_t>(size));
    renew(i);
    return frame;
  }

  bool complete(std::size_t i) const {
    return messages_[i].msg_len >= sizeof(VnetHeader) && (messages_[i].msg_hdr.msg_flags & MSG_TRUNC) == 0;
  }

  Nanoseconds stamp(std::size_t i) {
    msghdr& message = messages_[i].msg_hdr;
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
      if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_TIMESTAMPNS) continue;
      timespec time{};
      std::memcpy(&time, CMSG_DATA(c), sizeof time);
      return std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec);
    }
    return Nanoseconds::max() / 2;  // "now": the sink takes nothing later
  }

 private:
  void renew(std::size_t i) {
    buffers_[i].reset(new std::byte[kLongestFrame]);
    parts_[2 * i + 1] = {buffers_[i].get(), kLongestFrame};
  }

  std::array<mmsghdr, kBatch> messages_{};
  std::array<iovec, 2 * kBatch> parts_{};
  std::array<VnetHeader, kBatch> headers_{};
  std::array<FrameData, kBatch> buffers_;
  struct alignas(cmsghdr) Control : std::array<std::byte, CMSG_SPACE(sizeof(timespec))> {};
  std::array<Control, kBatch> controls_{};
};

class QueueReader : public FrameReader {
 public:
  explicit QueueReader(const PacketSocket& socket) : socket_(socket) {}

  bool receive(const FrameSink& sink) override {
    thread_local Batch batch;
    const int count = batch.receive(socket_);
    if (count < 0) {
      // EINVAL: a kind of super-frame that VnetHeader cannot say; it is gone. Anything else (ENETDOWN) is about the
      // interface and not about a frame.
      if (errno == EINVAL) unusable_.add(1);
      return errno == EINVAL;
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      if (batch.complete(i)) {
        sink(batch.take(i), batch.stamp(i));
      } else {
        unusable_.add(1);
      }
    }
    return count == static_cast<int>(kBatch);
  }

 private:
  const PacketSocket& socket_;
};

}  // namespace

std::unique_ptr<FrameReader> make_queue_reader(const PacketSocket& socket) {
  return std::make_unique<QueueReader>(socket);
}

}  // namespace geomx::shaper
