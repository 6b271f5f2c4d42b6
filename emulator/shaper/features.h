#pragma once

#include <string>

#include "emulator/shaper/direction.h"

// What this kernel can do for a link, found by trying it in a namespace of our own, never by asking for a version
// alone.
namespace geomx::shaper {

struct KernelFeatures {
  bool tbf = false;
  bool netem = false;
  bool netem_seed = false;    // kernel 6.7 or newer: TCA_NETEM_PRNG_SEED
  bool packet_vnet = false;   // AF_PACKET with PACKET_VNET_HDR: the wire
  bool rcvbuf_force = false;  // SO_RCVBUFFORCE permitted
  bool held_frames = false;   // frames of a wire that only delays can stay in the kernel (held_link.h)
};

// Must be called in a network namespace that the caller may change (it makes and removes a veth pair there).
KernelFeatures probe_features();

// The one shaper for a link with these two directions: tc where this kernel can do all that is asked as asked (see
// tc_obstacle and tc_shortcoming; a delay or loss needs netem, a seeded loss netem_seed), else the wire; none where
// neither direction is shaped. Throws InputError saying what is missing where `choice` demands one that cannot do it
// (tc's shortcomings are accepted where tc is demanded).
Kind choose(const Direction& forward, const Direction& backward, const KernelFeatures& features, Choice choice);

}  // namespace geomx::shaper
