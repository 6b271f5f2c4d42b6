#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/base/fd.h"
#include "emulator/base/units.h"
#include "emulator/capture/filter.h"

// A packet socket that listens on one interface of a network namespace, or on all of them. Frames are as that interface
// has them: super-frames where segmentation is offloaded, checksums that are yet to be filled in on the way out.
namespace geomx::capture {

struct Frame {
  Nanoseconds stamp{0};   // the kernel's, since 1970
  std::string_view data;  // valid until the next call
  std::uint32_t length = 0;
};

// Move-only through its socket; one thread. Throws SystemError.
class Tap {
 public:
  // `socket`: AF_PACKET, SOCK_RAW, protocol 0, not bound; it stays in the namespace in which it was made. An empty
  // `interface` means all. The filter is in force before the first frame. InputError where the interface is not there.
  Tap(FileDescriptor socket, const std::string& node, const std::string& interface,
      const std::optional<Filter>& filter);

  int fd() const { return socket_.get(); }  // readable when there is a frame
  std::optional<Frame> next();              // does not wait
  std::uint64_t lost();                     // frames that matched and found the socket's buffer full, so far

 private:
  FileDescriptor socket_;
  std::string node_;
  int loopback_ = 0;
  std::vector<char> buffer_;
  std::uint64_t lost_ = 0;
};

}  // namespace geomx::capture
