#pragma once

#include <memory>
#include <string>

// Capture filters in the language of tcpdump and Wireshark's capture dialogue ("tcp port 5000 and not host 10.1.0.2";
// see pcap-filter(7)), compiled by libpcap to classic BPF, which the kernel runs before it copies a frame.
namespace geomx::capture {

class Filter {
 public:
  // For Ethernet frames. Throws InputError with libpcap's words where the expression is not one. Not thread-safe.
  explicit Filter(const std::string& expression);
  Filter(Filter&&) noexcept;
  ~Filter();

  // From now on `socket` sees only the frames that match. Throws SystemError.
  void attach(int socket) const;

 private:
  struct Program;
  std::unique_ptr<Program> program_;
};

}  // namespace geomx::capture
