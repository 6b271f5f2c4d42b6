#include "emulator/capture/pcap_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "emulator/base/error.h"

namespace geomx::capture {
namespace {

using namespace std::chrono_literals;

std::string drained(const FileDescriptor& pipe) {
  std::array<char, 65536> buffer;
  const ssize_t size = ::read(pipe.get(), buffer.data(), buffer.size());
  return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

std::uint32_t word(const std::string& text, std::size_t at) {
  std::uint32_t value = 0;
  std::memcpy(&value, text.data() + at, sizeof value);
  return value;
}

TEST(PcapFile, HasTheHeaderAndTheFramesOfTheFormat) {
  Pipe pipe = make_pipe();
  PcapFile file(std::move(pipe.write), "pipe", std::nullopt);
  EXPECT_TRUE(file.add(1'700'000'000s + 123'456'789ns, "frame", 9));
  file.flush();
  const std::string text = drained(pipe.read);
  ASSERT_EQ(text.size(), kFileHeader + kFrameHeader + 5);
  EXPECT_EQ(word(text, 0), 0xa1b23c4d);
  EXPECT_EQ(word(text, 4), 2u | 4u << 16);
  EXPECT_EQ(word(text, 20), 1u);  // Ethernet
  EXPECT_EQ(word(text, 24), 1'700'000'000u);
  EXPECT_EQ(word(text, 28), 123'456'789u);
  EXPECT_EQ(word(text, 32), 5u);
  EXPECT_EQ(word(text, 36), 9u);
  EXPECT_EQ(text.substr(40), "frame");
  EXPECT_EQ(file.bytes(), text.size());
}

TEST(PcapFile, NeverPassesItsBound) {
  Pipe pipe = make_pipe();
  PcapFile file(std::move(pipe.write), "pipe", Bytes{kFileHeader + 2 * (kFrameHeader + 10)});
  EXPECT_TRUE(file.add(0ns, "0123456789", 10));
  EXPECT_TRUE(file.add(0ns, "0123456789", 10));
  EXPECT_FALSE(file.add(0ns, "", 0));
  file.flush();
  EXPECT_EQ(drained(pipe.read).size(), kFileHeader + 2 * (kFrameHeader + 10));
  EXPECT_EQ(file.frames(), 2u);
}

TEST(PcapFile, AFullDiskIsAnErrorThatNamesTheFile) {
  PcapFile file(FileDescriptor(::open("/dev/full", O_WRONLY | O_CLOEXEC)), "/dev/full", std::nullopt);
  try {
    file.flush();
    FAIL() << "/dev/full took it";
  } catch (const SystemError& error) {
    EXPECT_EQ(error.error_number(), ENOSPC);
    EXPECT_EQ(error.where(), "/dev/full");
  }
}

}  // namespace
}  // namespace geomx::capture
