#include "ps/flow/divided.h"

#include <string>
#include <vector>

#include "ps/config/error.h"
#include "ps/flow/four_bits.h"

namespace geomx::ps {
namespace {

constexpr std::uint64_t kLongestChunk = 1ull << 28;  // floats: a gigabyte

std::vector<bool> whole_blocks(const Message& message, const Blocks& blocks) {
  return from_bits(message.header.data().dgt().blocks().whole(), blocks.count());
}

}  // namespace

Blocks blocks_of(const Message& message) {
  const proto::Data& data = message.header.data();
  if (data.slices_size() != 1) throw Error("a push by DGT without its one slice");
  const std::uint64_t length = data.slices(0).length();
  const std::size_t block = data.dgt().blocks().block();
  if (block == 0 || length == 0 || length > kLongestChunk) {
    throw Error("a push by DGT of " + std::to_string(length) + " elements in blocks of " + std::to_string(block));
  }
  return {static_cast<std::size_t>(length), block};
}

void for_each_whole(const Message& message, const Blocks& blocks,
                    const std::function<void(const Run& run, std::span<const float> floats)>& visit) {
  const std::vector<bool> whole = whole_blocks(message, blocks);
  std::size_t length = 0;
  for (std::size_t block = 0; block < whole.size(); ++block) length += whole[block] ? blocks.run(block).count : 0;
  if (message.frames.empty() || message.frames[0].size() != length * sizeof(float)) {
    throw Error("a push by DGT whose frame has not the " + std::to_string(length) + " elements that it announces");
  }
  std::span<const float> values = message.frames[0].as<float>();
  for (std::size_t block = 0; block < whole.size(); ++block) {
    if (!whole[block]) continue;
    const Run run = blocks.run(block);
    visit(run, values.first(run.count));
    values = values.subspan(run.count);
  }
}

void decode_rest(const Message& message, const Blocks& blocks, std::span<float> into) {
  const std::vector<bool> whole = whole_blocks(message, blocks);
  std::size_t bytes = 0;
  for (std::size_t block = 0; block < whole.size(); ++block) {
    if (!whole[block]) bytes += four_bits_size(blocks.run(block).count);
  }
  if (message.frames.size() != 2 || message.frames[1].size() != bytes) {
    throw Error("a push by DGT whose second frame has not the " + std::to_string(bytes) + " bytes that it announces");
  }
  std::span<const std::uint8_t> rest = message.frames[1].as<std::uint8_t>();
  for (std::size_t block = 0; block < whole.size(); ++block) {
    if (whole[block]) continue;
    const Run run = blocks.run(block);
    const std::size_t size = four_bits_size(run.count);
    decode_four_bits(rest.first(size), into.subspan(run.begin, run.count));
    rest = rest.subspan(size);
  }
}

}  // namespace geomx::ps
