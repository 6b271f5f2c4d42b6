#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

// An Ethernet frame as a packet socket with PACKET_VNET_HDR hands it over: possibly a super-frame of up to 64 KiB that
// stands for many segments, and possibly with a checksum that is still to be completed. Or one that is held: its bytes
// have stayed in the kernel, and only what it amounts to is here.
namespace geomx::shaper {

// struct virtio_net_hdr of <linux/virtio_net.h>, which is not C++. Integers in host byte order.
struct VnetHeader {
  static constexpr std::uint8_t kNeedsChecksum = 1;  // flags
  static constexpr std::uint8_t kNone = 0;           // gso_type
  static constexpr std::uint8_t kTcp4 = 1;
  static constexpr std::uint8_t kTcp6 = 4;
  static constexpr std::uint8_t kEcn = 0x80;  // or-ed: the first segment carries CWR

  std::uint8_t flags = 0;
  std::uint8_t gso_type = 0;
  std::uint16_t hdr_len = 0;   // only a hint of how much is contiguous in memory
  std::uint16_t gso_size = 0;  // payload of a segment
  std::uint16_t csum_start = 0;
  std::uint16_t csum_offset = 0;
};
static_assert(sizeof(VnetHeader) == 10);

// What a frame amounts to on the wire.
struct FrameShape {
  std::uint32_t segments = 1;     // frames on the wire
  std::uint32_t wire_bytes = 0;   // all of them, each with its own headers, without FCS
  std::uint32_t header_size = 0;  // link, network and transport header, repeated in each segment; 0: not a super-frame
  std::uint16_t network_offset = 0;
  bool is_ip = false;
};

// Whose memory a frame lies in, where it is not on the heap.
class FrameMemory {
 public:
  virtual void take_back(std::byte* data) noexcept = 0;

 protected:
  ~FrameMemory() = default;
};

struct FrameRelease {
  FrameMemory* owner = nullptr;  // else the heap, as for std::make_unique<std::byte[]>
  void operator()(std::byte* data) const noexcept {
    owner != nullptr ? owner->take_back(data) : std::default_delete<std::byte[]>()(data);
  }
};
using FrameData = std::unique_ptr<std::byte[], FrameRelease>;

class Frame {
 public:
  Frame() = default;
  // Takes over `data`, of which the first `size` bytes are the frame.
  Frame(const VnetHeader& header, FrameData data, std::uint32_t size);
  static Frame copy_of(const VnetHeader& header, std::span<const std::byte> bytes);
  // A held frame, which takes `memory` bytes of the kernel's. `ticket`, of which `size` bytes tell its owner which
  // frame that is, is taken back when the frame is destroyed.
  static Frame held(FrameData ticket, std::uint32_t size, const FrameShape& shape, std::uint32_t memory);

  const VnetHeader& header() const { return header_; }
  // Of a held frame, here and in what asks for them below, there are none: its ticket is in their place.
  std::span<const std::byte> bytes() const { return {data_.get(), size_}; }
  std::span<std::byte> ticket() { return {data_.get(), size_}; }
  bool is_held() const { return held_memory_ != 0; }
  const FrameShape& shape() const { return shape_; }
  std::uint32_t memory() const { return is_held() ? held_memory_ : size_; }

  // Bytes on the wire of the segments [first, first + count).
  std::uint32_t wire_bytes(std::uint32_t first, std::uint32_t count) const;
  // Those segments as a frame of their own: a shorter super-frame, or a plain frame where count is 1. Lengths, the
  // sequence number, the IPv4 identification and checksum, flags and the partial checksum are put right; the
  // transport's checksum stays to be completed by whoever would have to. REQUIRES: !is_held(), as for all that follows;
  // shape().segments > 1 and first + count <= shape().segments, count > 0.
  Frame slice(std::uint32_t first, std::uint32_t count) const;
  Frame clone() const;

  // Tells the receiver of congestion (RFC 3168): "congestion experienced" in the IP header, with its checksum put
  // right. False where the sender has not said that it understands; of a super-frame the kernel's segmentation tells
  // all.
  bool mark_congestion();
  // Flips one bit of what the IP packet carries, the one at `place` in [0, 1), so that the receiver's checksum catches
  // it: one that is still to be completed, which would be right for whatever is in there by then, is completed first.
  // REQUIRES: shape().segments == 1. False where there is nothing to flip.
  bool corrupt(double place);

 private:
  void complete_checksum();

  VnetHeader header_{};
  FrameData data_;
  std::uint32_t size_ = 0;
  std::uint32_t held_memory_ = 0;
  FrameShape shape_;
};

}  // namespace geomx::shaper
