#include "emulator/capture/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "emulator/base/error.h"
#include "emulator/base/fd.h"

namespace geomx::capture {
namespace {

using ::testing::HasSubstr;

// An Ethernet frame of an IPv4 UDP datagram, without checksums.
std::string udp_frame(unsigned char destination_port) {
  std::string frame(42, '\0');
  frame[12] = 8;     // EtherType 0x0800
  frame[14] = 0x45;  // version 4, five words of header
  frame[17] = 28;    // its total length
  frame[23] = 17;    // UDP
  frame[37] = static_cast<char>(destination_port);
  frame[39] = 8;  // the datagram's length
  return frame;
}

// The kernel runs the program on any socket: here on a pair that carries the frames.
TEST(Filter, TheKernelLetsThroughWhatMatches) {
  int fds[2];
  check(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds), "create socket pair");
  const FileDescriptor from(fds[0]);
  const FileDescriptor to(fds[1]);
  Filter("udp dst port 53").attach(to.get());
  for (const unsigned char port : {52, 53, 54}) {
    const std::string frame = udp_frame(port);
    ::send(from.get(), frame.data(), frame.size(), MSG_DONTWAIT);
  }
  char buffer[64];
  ASSERT_EQ(::recv(to.get(), buffer, sizeof buffer, MSG_DONTWAIT), 42);
  EXPECT_EQ(buffer[37], 53);
  EXPECT_LT(::recv(to.get(), buffer, sizeof buffer, MSG_DONTWAIT), 0) << "the others are filtered out";
}

TEST(Filter, WhatIsNoExpressionIsBadInput) {
  for (const char* wrong : {"udp port", "no such words", "port 99999999"}) {
    try {
      const Filter filter(wrong);
      FAIL() << wrong;
    } catch (const InputError& error) {
      EXPECT_THAT(error.line(), HasSubstr(wrong));
    }
  }
}

}  // namespace
}  // namespace geomx::capture
