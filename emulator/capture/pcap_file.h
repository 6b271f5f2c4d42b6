#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "emulator/base/fd.h"
#include "emulator/base/units.h"

// Capture files as libpcap has written them since 1998, with stamps in nanoseconds: one header, then each frame behind
// its own. Wireshark, tcpdump and everything else read them.
// Format: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html
namespace geomx::capture {

inline constexpr int kSnapLength = 262'144;  // bytes of a frame that are kept: more than any super-frame has
inline constexpr std::size_t kFileHeader = 24;
inline constexpr std::size_t kFrameHeader = 16;

// Writes one file of Ethernet frames. Throws SystemError naming the file.
class PcapFile {
 public:
  // `name` is used in messages; `most`: the file does not become larger.
  PcapFile(FileDescriptor file, std::string name, std::optional<Bytes> most);

  // False: it would make the file too large, and nothing was written. `stamp` counts from 1970; `length` is the frame's
  // on the wire, of which `data` may be the beginning.
  bool add(Nanoseconds stamp, std::string_view data, std::uint32_t length);
  void flush();  // until then some frames may not be in the file

  std::uint64_t frames() const { return frames_; }
  std::uint64_t bytes() const { return bytes_; }  // of the file

 private:
  void put32(std::uint32_t value);

  FileDescriptor file_;
  std::string name_;
  std::optional<Bytes> most_;
  std::string buffer_;
  std::uint64_t frames_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace geomx::capture
