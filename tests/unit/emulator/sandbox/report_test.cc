#include "emulator/sandbox/report.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "emulator/base/error.h"
#include "emulator/base/fd.h"

namespace geomx::sandbox::report {
namespace {

TEST(Report, FramesArriveInOrderAndEnd) {
  Pipe pipe = make_pipe();
  const std::string big(50'000, 'x');
  std::thread writer([&] {
    write(pipe.write.get(), Type::progress, "");
    write(pipe.write.get(), Type::ready, big);
    pipe.write.reset();
  });
  Frame frame;
  ASSERT_TRUE(read(pipe.read.get(), frame));
  EXPECT_EQ(frame.type, Type::progress);
  EXPECT_EQ(frame.text, "");
  ASSERT_TRUE(read(pipe.read.get(), frame));
  EXPECT_EQ(frame.type, Type::ready);
  EXPECT_EQ(frame.text, big);
  EXPECT_FALSE(read(pipe.read.get(), frame));
  writer.join();
}

TEST(Report, ATornFrameIsAnEnd) {
  Pipe pipe = make_pipe();
  Pipe whole = make_pipe();
  write(whole.write.get(), Type::error, "w");
  char bytes[4];
  ASSERT_EQ(::read(whole.read.get(), bytes, sizeof(bytes)), 4);
  ASSERT_EQ(::write(pipe.write.get(), bytes, sizeof(bytes)), 4);
  pipe.write.reset();
  Frame frame;
  EXPECT_FALSE(read(pipe.read.get(), frame));
}

template <typename Thrown>
std::string line_of(const std::exception& exception) {
  try {
    rethrow(encode(exception));
  } catch (const Thrown& error) {
    return error.line();
  }
}

TEST(Report, ErrorsKeepTypeWhereTextAndHint) {
  EXPECT_EQ(line_of<InputError>(InputError("/a/0", "is wrong", "do this")), "/a/0: is wrong (do this)");
  EXPECT_EQ(line_of<WorkError>(WorkError({}, "broke")), "broke");
  EXPECT_EQ(line_of<WorkError>(std::runtime_error("other")), "other");
  EXPECT_EQ(line_of<SystemError>(SystemError("eth0", "move", ENOENT, "hm")),
            "eth0: move: No such file or directory (hm)");
}

}  // namespace
}  // namespace geomx::sandbox::report
