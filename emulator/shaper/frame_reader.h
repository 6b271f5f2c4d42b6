#pragma once

#include <memory>

#include "emulator/shaper/packet_socket.h"
#include "emulator/shaper/ring_size.h"

// The two ways to read a packet socket.
namespace geomx::shaper {

// The socket's own receive queue: as deep as the buffer that was forced, and super-frames of any size. The buffers are
// the calling thread's.
std::unique_ptr<FrameReader> make_queue_reader(const PacketSocket& socket);

// A ring of slots shared with the kernel (TPACKET_V2), which no limit of the machine bounds: for a lab without root.
// A frame longer than a slot is lost and counted as an overrun. Long frames lie in their slots until they are
// destroyed, which must be before the reader is, and by the thread that reads. Where the kernel has less memory than
// asked for, the ring has fewer slots. Throws SystemError naming the interface where there is none at all.
std::unique_ptr<FrameReader> make_ring_reader(const PacketSocket& socket, const RingSize& size);

}  // namespace geomx::shaper
