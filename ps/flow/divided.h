#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "ps/flow/blocks.h"
#include "ps/transport/message.h"

// Readers of a message that DGT has divided (DgtBlocks in ps.proto). Pure. Each throws Error where the message is not
// what it says about itself.
namespace geomx::ps {

// How the message's chunk is divided.
Blocks blocks_of(const Message& message);

// Calls visit(run in the chunk, its floats) for each block that is in the first frame.
void for_each_whole(const Message& message, const Blocks& blocks,
                    const std::function<void(const Run& run, std::span<const float> floats)>& visit);

// The second frame: all other blocks, at 4 bits.
void decode_rest(const Message& message, const Blocks& blocks, std::span<float> into);

}  // namespace geomx::ps
