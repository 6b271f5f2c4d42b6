// The decoder of the parameter server's messages, and what looks at a message first at each kind of node: whatever the
// bytes are, they are refused with an Error, or they mean the same after another trip.
//
// Input: two bytes for the header's length, the header, then the one frame.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "ps/config/error.h"
#include "ps/config/job_config.h"
#include "ps/membership/registry.h"
#include "ps/optim/optimizer.h"
#include "ps/transport/wire.h"
#include "ps/worker/slice.h"

namespace {

using namespace geomx::ps;

constexpr std::size_t kHead = 2;

template <typename Read>
bool accepts(const Read& read) {
  try {
    read();
    return true;
  } catch (const Error&) {
    return false;
  }
}

void require(bool good) {
  if (!good) std::abort();
}

// As a scheduler does.
void take_registration(const proto::Register& request) {
  PlaneConfig plane;
  plane.num_servers = plane.num_workers = 1;
  plane.scheduler_host = "127.0.0.1";
  Registry registry(plane);
  if (!accepts([&] { registry.add(request, "route"); })) return;
  require(registry.nodes().size() == 1 && !registry.add(request, "route"));  // a repetition
}

// As a server does.
void take_greeting(const proto::Greeting& greeting) {
  Settings settings;
  if (!accepts([&] { settings.take(greeting, "the other", "this node"); })) return;
  proto::Greeting told;
  settings.write(told);
  Settings again;
  again.take(told, "the other", "this node");
  require(again == settings);
  accepts([&] { again.job(); });
}

void take_request(const Message& message) {
  const proto::Data& data = message.header.data();
  Chunk chunk;
  if (!accepts([&] { chunk = read_chunk(data); })) return;
  require(chunk.offset + chunk.length <= chunk.total);
  Encoded values;
  if (!accepts([&] { values = read_values(chunk, message); })) return;
  proto::Data again;
  write_slice(chunk, values.format, again);
  require(read_chunk(again) == chunk && read_slice(again, values.bytes, chunk.length).format == values.format);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < kHead) return 0;
  const std::size_t header_size = std::min<std::size_t>(data[0] + std::size_t{256} * data[1], size - kHead);
  const std::string header(reinterpret_cast<const char*>(data + kHead), header_size);
  Message message;
  if (!decode_header(header.data(), header.size(), message.header)) {
    require(!what_is_wrong(header.data(), header.size()).empty());
    return 0;
  }
  const std::string once = message.header.SerializeAsString();
  proto::Header again;
  require(decode_header(once.data(), once.size(), again) && again.SerializeAsString() == once);

  const std::size_t rest = kHead + header_size;
  if (rest < size) message.frames.push_back(Buffer::copy_of(data + rest, size - rest));
  if (message.header.has_register_()) take_registration(message.header.register_());
  if (!message.header.has_data()) return 0;
  take_greeting(message.header.data().greeting());
  accepts([&] { validate(message.header.data().optimizer()); });
  take_request(message);
  return 0;
}
