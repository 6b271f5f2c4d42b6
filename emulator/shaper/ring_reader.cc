#include <linux/if_packet.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "emulator/base/error.h"
#include "emulator/shaper/frame_reader.h"

namespace geomx::shaper {
namespace {

constexpr std::uint32_t kBatch = 64;
// From here on a frame stays in its slot rather than being copied, while there are enough others.
constexpr std::uint32_t kWorthKeeping = 4096;
// The status of such a slot: neither the kernel's nor to be read again.
constexpr std::uint32_t kLent = TP_STATUS_COPY;
// A block is the unit in which the kernel finds contiguous memory; small enough to be found on any machine.
constexpr std::uint32_t kBlockBytes = 64 << 10;
constexpr const char* kRemedy = "free memory, shape fewer links, or run as root, where no ring is needed";

class RingReader final : public FrameReader, private FrameMemory {
 public:
  RingReader(const PacketSocket& socket, const RingSize& size)
      : slot_bytes_(size.slot_bytes),
        block_bytes_(std::max(kBlockBytes, slot_bytes_)),
        slots_per_block_(block_bytes_ / slot_bytes_) {
    const int version = TPACKET_V2;
    check(::setsockopt(socket.fd(), SOL_PACKET, PACKET_VERSION, &version, sizeof version), "choose TPACKET_V2",
          socket.interface());
    const std::uint32_t blocks = reserve(socket, (size.slots + slots_per_block_ - 1) / slots_per_block_);
    slots_ = blocks * slots_per_block_;
    mapped_bytes_ = std::size_t{block_bytes_} * blocks;
    void* memory = ::mmap(nullptr, mapped_bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, socket.fd(), 0);
    if (memory == MAP_FAILED) throw SystemError(socket.interface(), "map receive ring", errno, kRemedy);
    memory_ = static_cast<std::byte*>(memory);
  }
  ~RingReader() override { ::munmap(memory_, mapped_bytes_); }

  bool receive(const FrameSink& sink) override {
    for (std::uint32_t i = 0; i < kBatch; ++i) {
      std::byte* slot = memory_ + std::size_t{next_ / slots_per_block_} * block_bytes_ +
                        std::size_t{next_ % slots_per_block_} * slot_bytes_;
      auto* header = reinterpret_cast<tpacket2_hdr*>(slot);
      if ((__atomic_load_n(&header->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) == 0) return false;
      next_ = (next_ + 1) % slots_;
      if (header->tp_snaplen != header->tp_len) {
        unusable_.add(1);
        give_back(slot);
        continue;
      }
      const Nanoseconds stamp = std::chrono::seconds(header->tp_sec) + Nanoseconds(header->tp_nsec);
      VnetHeader vnet;
      std::memcpy(&vnet, slot + header->tp_mac - sizeof vnet, sizeof vnet);
      if (header->tp_len >= kWorthKeeping && lent_ < slots_ / 4) {
        ++lent_;
        header->tp_status = kLent;
        sink(Frame(vnet, FrameData(slot + header->tp_mac, {this}), header->tp_len), stamp);
      } else {
        Frame frame = Frame::copy_of(vnet, {slot + header->tp_mac, header->tp_len});
        give_back(slot);
        sink(std::move(frame), stamp);
      }
    }
    return true;
  }

 private:
  static void give_back(std::byte* slot) {
    __atomic_store_n(&reinterpret_cast<tpacket2_hdr*>(slot)->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
  }

  void take_back(std::byte* data) noexcept override {
    const auto offset = static_cast<std::size_t>(data - memory_);
    const std::size_t block = offset / block_bytes_;
    const std::size_t slot = offset % block_bytes_ / slot_bytes_;
    give_back(memory_ + block * block_bytes_ + slot * slot_bytes_);
    --lent_;
  }

  // As many blocks as the kernel has memory for, up to `blocks`.
  std::uint32_t reserve(const PacketSocket& socket, std::uint32_t blocks) const {
    while (true) {
      tpacket_req request{};
      request.tp_block_size = block_bytes_;
      request.tp_block_nr = blocks;
      request.tp_frame_size = slot_bytes_;
      request.tp_frame_nr = blocks * slots_per_block_;
      if (::setsockopt(socket.fd(), SOL_PACKET, PACKET_RX_RING, &request, sizeof request) == 0) return blocks;
      if (errno != ENOMEM || blocks == 1) {
        throw SystemError(
            socket.interface(),
            "reserve kernel memory for a receive ring of " + to_string(Bytes{std::uint64_t{block_bytes_} * blocks}),
            errno, kRemedy);
      }
      blocks /= 2;
    }
  }

  std::uint32_t slot_bytes_;
  std::uint32_t block_bytes_;
  std::uint32_t slots_per_block_;
  std::uint32_t slots_ = 0;
  std::uint32_t next_ = 0;
  std::uint32_t lent_ = 0;  // slots in which a frame still lies
  std::size_t mapped_bytes_ = 0;
  std::byte* memory_ = nullptr;
};

}  // namespace

std::unique_ptr<FrameReader> make_ring_reader(const PacketSocket& socket, const RingSize& size) {
  return std::make_unique<RingReader>(socket, size);
}

}  // namespace geomx::shaper
