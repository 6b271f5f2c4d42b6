// What a global server does with DGT's datagrams: whatever the network brings, it is refused, or read and written again
// to the same bytes; and an Assembly takes it in any order, within bounds of memory, to pushes of the length that was
// announced.
//
// Input: datagrams, each behind two bytes that say how long it is.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "ps/flow/assembly.h"

namespace {

using namespace geomx::ps;

constexpr NodeId kSender{Role::worker, 0};
constexpr std::size_t kLength = 1000;
constexpr std::size_t kChannels = 2;

// The first push of tensor 0: its even blocks, of 50 floats each.
Message push() {
  const Blocks blocks(kLength, 50);
  std::vector<bool> whole(blocks.count());
  std::size_t floats = 0;
  for (std::size_t block = 0; block < whole.size(); block += 2) {
    whole[block] = true;
    floats += blocks.run(block).count;
  }
  Message message;
  proto::Data& data = *message.header.mutable_data();
  proto::Slice& slice = *data.add_slices();
  slice.set_length(kLength);
  slice.set_total(kLength);
  proto::DgtBlocks& described = *data.mutable_dgt()->mutable_blocks();
  described.set_block(50);
  described.set_turn(1);
  described.set_whole(to_bits(whole));
  for (std::size_t channel = 0; channel < kChannels; ++channel) described.add_last(9);
  const std::vector<float> values(floats, 1);
  message.frames.push_back(Buffer::copy_of(values.data(), values.size() * sizeof(float)));
  return message;
}

void check(const std::vector<Assembly::Ready>& ready) {
  for (const Assembly::Ready& one : ready) {
    if (one.message.frames.at(0).size() != kLength * sizeof(float)) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Assembly::Clock::time_point now{std::chrono::hours(1)};
  static const Seal seal(std::string(Seal::kKeyBytes, 'k'));
  Assembly assembly(std::chrono::milliseconds(100), kChannels);
  bool opened = false;
  for (std::size_t at = 0; at + 2 <= size;) {
    const std::size_t length = std::min<std::size_t>(data[at] + std::size_t{256} * data[at + 1], size - at - 2);
    // A copy of its own, so that ASan sees a step over the end.
    const std::vector<std::uint8_t> bytes(data + at + 2, data + at + 2 + length);
    at += 2 + length;
    if (decode_datagram(bytes, &seal) && bytes.size() < Datagram::kHead + Seal::kTag) std::abort();
    const auto datagram = decode_datagram(bytes, nullptr);
    if (!datagram) continue;
    if (encode_datagram(*datagram, datagram->values, nullptr) != bytes) std::abort();
    check(assembly.datagram(*datagram, now));
    if (!opened && at > size / 2) {
      opened = true;
      check(assembly.reliable(kSender, push(), now));
    }
  }
  check(assembly.expire(now + std::chrono::seconds(1)));
  if (assembly.deadline() != Assembly::Clock::time_point::max()) std::abort();
  return 0;
}
