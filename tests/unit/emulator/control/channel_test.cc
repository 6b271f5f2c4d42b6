#include "emulator/control/channel.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "emulator/base/error.h"
#include "emulator/control/control.pb.h"

namespace geomx::control {
namespace {

using namespace std::chrono_literals;

struct Pair {
  Pair() {
    int fds[2];
    check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), "create socket pair");
    a.emplace(FileDescriptor(fds[0]));
    b.emplace(FileDescriptor(fds[1]));
  }
  std::optional<Channel> a;
  std::optional<Channel> b;
};

auto soon() {
  return std::chrono::steady_clock::now() + 5s;
}

wire::Request signal_request(std::uint64_t process) {
  wire::Request request;
  request.mutable_signal()->set_process(process);
  return request;
}

std::uint64_t process_in(const std::string& body) {
  wire::Request request;
  EXPECT_TRUE(request.ParseFromString(body));
  return request.signal().process();
}

TEST(Channel, FramesArriveWholeAndInOrder) {
  Pair pair;
  for (std::uint64_t n = 1; n <= 3; ++n) pair.a->send_now(signal_request(n), {}, soon());
  ASSERT_TRUE(pair.b->receive());
  for (std::uint64_t n = 1; n <= 3; ++n) EXPECT_EQ(process_in(pair.b->next().value()), n);
  EXPECT_FALSE(pair.b->next());
}

TEST(Channel, AFrameInPiecesIsGivenOutOnceComplete) {
  Pair pair;
  const std::string body = signal_request(7).SerializeAsString();
  const std::string frame = std::string("\0\0\0", 3) + static_cast<char>(body.size()) + body;
  for (const char byte : frame) {
    EXPECT_FALSE(pair.b->next());
    ASSERT_EQ(::write(pair.a->fd(), &byte, 1), 1);
    ASSERT_TRUE(pair.b->receive());
  }
  EXPECT_EQ(process_in(pair.b->next().value()), 7u);
}

TEST(Channel, DescriptorsBelongToTheirFramesByOrder) {
  Pair pair;
  Pipe first = make_pipe();
  Pipe second = make_pipe();
  pair.a->send_now(signal_request(1), {}, soon());
  pair.a->send_now(signal_request(2), {first.write.get()}, soon());
  pair.a->send_now(signal_request(3), {second.write.get()}, soon());
  first.write.reset();
  second.write.reset();
  ASSERT_TRUE(pair.b->receive());
  const FileDescriptor one = pair.b->next_descriptor();
  const FileDescriptor two = pair.b->next_descriptor();
  EXPECT_FALSE(pair.b->next_descriptor());
  ASSERT_EQ(::write(one.get(), "1", 1), 1);
  ASSERT_EQ(::write(two.get(), "2", 1), 1);
  char letter = 0;
  ASSERT_EQ(::read(first.read.get(), &letter, 1), 1);
  EXPECT_EQ(letter, '1');
  ASSERT_EQ(::read(second.read.get(), &letter, 1), 1);
  EXPECT_EQ(letter, '2');
}

TEST(Channel, ALargeAnswerLeavesAsTheReaderReads) {
  Pair pair;
  wire::Answer answer;
  answer.set_inspection(std::string(8u << 20, 'x'));
  pair.a->queue(answer);
  pair.a->flush();
  ASSERT_TRUE(pair.a->pending());  // more than a socket holds
  std::optional<std::string> body;
  for (int turn = 0; turn < 10000 && !body; ++turn) {
    ASSERT_TRUE(pair.b->receive());
    body = pair.b->next();
    pair.a->flush();
  }
  EXPECT_FALSE(pair.a->pending());
  wire::Answer read;
  ASSERT_TRUE(body && read.ParseFromString(*body));
  EXPECT_EQ(read.inspection(), answer.inspection());
}

TEST(Channel, AServersDescriptorsArriveWithTheirAnswers) {
  Pair pair;
  Pipe pipe = make_pipe();
  wire::Answer large;
  large.set_inspection(std::string(1u << 20, 'x'));
  pair.a->queue(large);
  pair.a->queue(signal_request(1), std::move(pipe.write));
  pair.a->queue(signal_request(2));
  int answers = 0;
  for (int turn = 0; turn < 10000 && answers < 3; ++turn) {
    pair.a->flush();
    ASSERT_TRUE(pair.b->receive());
    while (pair.b->next()) ++answers;
    if (answers > 0) continue;
    EXPECT_FALSE(pair.b->next_descriptor()) << "before its answer";
  }
  ASSERT_EQ(answers, 3);
  const FileDescriptor received = pair.b->next_descriptor();
  ASSERT_TRUE(received);
  EXPECT_FALSE(pair.b->next_descriptor());
  ASSERT_EQ(::write(received.get(), "1", 1), 1);
  char letter = 0;
  EXPECT_EQ(::read(pipe.read.get(), &letter, 1), 1);
}

TEST(Channel, APeerThatHasGoneIsTheEnd) {
  Pair pair;
  pair.a->send_now(signal_request(1), {}, soon());
  pair.a.reset();
  EXPECT_FALSE(pair.b->receive());
  EXPECT_TRUE(pair.b->next());  // what came before is still there
  EXPECT_THROW(pair.b->send_now(signal_request(2), {}, soon()), SystemError);
}

TEST(Channel, AReaderThatDoesNotReadIsATimeout) {
  Pair pair;
  wire::Answer answer;
  answer.set_inspection(std::string(8u << 20, 'x'));
  try {
    pair.a->send_now(answer, {}, std::chrono::steady_clock::now() + 50ms);
    FAIL() << "8 MiB were sent to nobody";
  } catch (const SystemError& error) {
    EXPECT_EQ(error.error_number(), ETIMEDOUT);
  }
}

TEST(Channel, AFrameThatIsTooLongIsRefused) {
  Pair pair;
  ASSERT_EQ(::write(pair.a->fd(), "\xff\xff\xff\xff", 4), 4);
  ASSERT_TRUE(pair.b->receive());
  EXPECT_THROW(pair.b->next(), WorkError);
}

}  // namespace
}  // namespace geomx::control
