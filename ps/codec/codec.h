#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

// What a slice of a tensor (Chunk, ps/worker/partition.h) looks like on the wire. An Encoder chooses what is sent and
// writes it; the functions below read it at the other end, where nothing is remembered from one message to the next.
// All of it is pure: no I/O, no threads, no clock, no random numbers; the same values and state give the same bytes, on
// every processor.
//
//   sender     a SliceState per slice that it sends; room for encoder.most_bytes(length) bytes, say from a pool;
//              size = encoder.encode(values, state, room); the format and the first `size` bytes travel
//   receiver   check() when a message arrives: what it accepts can be kept as it came until the round closes;
//              then decode() of the first and add() of the others, in an order that does not depend on arrival
//   answer     an Encoder again: NonZeros (nonzeros.h) of the sums where the pushes were sparse
//
// Which tensor goes in which format over which link is the matter of choice.h. Lengths are in elements; messages are
// little-endian.
namespace geomx::ps {

// How a message is to be read; travels beside it.
//
//   fp32     4 bytes an element, IEEE 754 binary32
//   fp16     2 bytes an element, IEEE 754 binary16
//   bf16     2 bytes an element: the upper half of a binary32
//   sparse   indices and values of some elements, the rest is zero (sparse_format.h)
//   twobit   a threshold and 2 bits an element: minus the threshold, zero, or the threshold (twobit.h)
enum class Format : std::uint8_t { fp32 = 1, fp16 = 2, bf16 = 3, sparse = 4, twobit = 5 };
std::string to_string(Format format);

// What the sender of a slice remembers from one message to the next. The owner makes one per slice and direction,
// empty, and gives it to the same Encoder every round; it may be saved and restored (checkpoints). Vectors have the
// slice's length or, where an encoder does not need them, none.
struct SliceState {
  std::vector<float> velocity;  // u: of momentum correction (BiSparse)
  std::vector<float> residual;  // what was not sent so far (BiSparse: v; TwoBit)
  std::uint64_t messages = 0;   // how many have been encoded
};

// Threading: immutable, so one Encoder serves all slices on all threads; a SliceState is for one thread at a time.
class Encoder {
 public:
  virtual ~Encoder() = default;
  virtual Format format() const = 0;
  // No message of a slice of that length is longer.
  virtual std::size_t most_bytes(std::size_t length) const = 0;
  // Writes one message and returns its size in bytes. `message` has room for most_bytes(values.size()) and does not
  // overlap `values`. Throws Error, and leaves the state as it was, where there is less room, where the state is that
  // of a slice of another length, or where values are such that the format cannot carry them.
  virtual std::size_t encode(std::span<const float> values, SliceState& state, std::span<std::byte> message) const = 0;
};

// The readers take whatever the network brings. Each throws Error with what is wrong, before it has written anything,
// where the format is unknown or `message` is not, byte for byte, a message of a slice of so many elements. Time
// and memory that they take are in proportion to message and slice. Messages need no alignment.
void check(Format format, std::span<const std::byte> message, std::size_t length);
// values = what was sent; elements that were not are zero.
void decode(Format format, std::span<const std::byte> message, std::span<float> values);
// sums += what was sent.
void add(Format format, std::span<const std::byte> message, std::span<float> sums);
// Neither NaN nor infinity was sent. The message is one that check() accepts.
bool all_finite(Format format, std::span<const std::byte> message);

}  // namespace geomx::ps
