#include "emulator/capture/pcap_file.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "emulator/base/error.h"

namespace geomx::capture {
namespace {

constexpr std::uint32_t kNanosecondMagic = 0xa1b23c4d;
constexpr std::uint32_t kVersion = 2 | 4u << 16;  // 2.4: two 16-bit numbers
constexpr std::uint32_t kEthernet = 1;            // LINKTYPE_ETHERNET
constexpr std::size_t kBuffer = 1u << 20;

}  // namespace

PcapFile::PcapFile(FileDescriptor file, std::string name, std::optional<Bytes> most)
    : file_(std::move(file)), name_(std::move(name)), most_(most) {
  put32(kNanosecondMagic);
  put32(kVersion);
  put32(0);  // stamps are UTC
  put32(0);
  put32(static_cast<std::uint32_t>(kSnapLength));
  put32(kEthernet);
  bytes_ = kFileHeader;
}

// In this machine's byte order: the magic number tells readers which that is.
void PcapFile::put32(std::uint32_t value) {
  buffer_.append(reinterpret_cast<const char*>(&value), sizeof value);
}

bool PcapFile::add(Nanoseconds stamp, std::string_view data, std::uint32_t length) {
  const std::string_view kept = data.substr(0, static_cast<std::size_t>(kSnapLength));
  const std::uint64_t size = kFrameHeader + kept.size();
  if (most_ && bytes_ + size > most_->value) return false;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(stamp);
  put32(static_cast<std::uint32_t>(seconds.count()));
  put32(static_cast<std::uint32_t>((stamp - seconds).count()));
  put32(static_cast<std::uint32_t>(kept.size()));
  put32(length);
  buffer_ += kept;
  bytes_ += size;
  ++frames_;
  if (buffer_.size() >= kBuffer) flush();
  return true;
}

void PcapFile::flush() {
  std::size_t done = 0;
  while (done < buffer_.size()) {
    const ssize_t written = ::write(file_.get(), buffer_.data() + done, buffer_.size() - done);
    if (written < 0 && errno == EINTR) continue;
    done += static_cast<std::size_t>(check(static_cast<int>(written), "write the capture", name_));
  }
  buffer_.clear();
}

}  // namespace geomx::capture
