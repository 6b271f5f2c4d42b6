#pragma once

#include <cstdint>

#include "emulator/shaper/direction.h"

// How much memory a lab without root reads one end of a link with: a ring of slots that the kernel holds for as long
// as the link is there, used or not. (As root there is a queue, which takes memory only while frames are in it.) Pure.
namespace geomx::shaper {

struct RingSize {
  std::uint32_t slots = 0;
  std::uint32_t slot_bytes = 0;  // a power of two, so that slots fill the blocks of memory that they are cut from

  bool operator==(const RingSize&) const = default;
};

// A slot of that size holds all but the longest super-frames.
inline constexpr std::uint32_t kWholeSuperFrame = 65536;

// The longest frame, link header included, that a slot holds behind the kernel's own headers.
constexpr std::uint32_t ring_frame_bytes(std::uint32_t slot_bytes) {
  return slot_bytes - 128;
}

// For frames of one direction, where `links` links share what a lab may take for its rings (128 MiB): there are slots
// for what arrives while the reader is kept from running. Slots are longer on fast links, which need longer
// super-frames to be fast. Where the share is short, first super-frames are, then there are fewer slots.
RingSize ring_size(const Direction& direction, int mtu, int links);

}  // namespace geomx::shaper
