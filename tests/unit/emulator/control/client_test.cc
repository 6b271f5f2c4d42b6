#include "emulator/control/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <optional>

#include "emulator/base/error.h"
#include "emulator/control/channel.h"
#include "emulator/control/control.pb.h"

// The client against a server that the test plays: what is to be answered lies in the socket before it is asked for.
namespace geomx::control {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

class ClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    int fds[2];
    check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), "create socket pair");
    client_.emplace(FileDescriptor(fds[0]), "play");
    server_.emplace(FileDescriptor(fds[1]));
  }
  void answer(const wire::Answer& answer) { server_->send_now(answer, {}, std::chrono::steady_clock::now() + 5s); }
  void answer_with_inspection(const std::string& text) {
    wire::Answer inspection;
    inspection.set_inspection(text);
    answer(inspection);
  }
  wire::Request asked() {
    wire::Request request;
    server_->receive();
    EXPECT_TRUE(request.ParseFromString(server_->next().value_or("nothing was asked")));
    return request;
  }
  bool readable() const {
    pollfd entry{client_->fd(), POLLIN, 0};
    return ::poll(&entry, 1, 0) == 1;
  }

  std::optional<Client> client_;
  std::optional<Channel> server_;
};

TEST_F(ClientTest, AnAnswerThatComesTooLateIsNotTheNextOnes) {
  try {
    client_->down(20ms);
    FAIL() << "nobody has answered";
  } catch (const WorkError& error) {
    EXPECT_THAT(error.line(), HasSubstr("play: the lab did not answer within"));
  }
  EXPECT_TRUE(readable()) << "who waits for exits is to hear that none will come";
  EXPECT_THROW(answer_with_inspection("late"), SystemError);  // the connection is closed
  EXPECT_THROW(client_->inspect(), WorkError);
  EXPECT_THROW(client_->next_exit(0ms), WorkError);
  EXPECT_FALSE(client_->wait_end(0ms)) << "that it hangs does not say that it has ended";
}

TEST_F(ClientTest, TextsNeedNotBeUtf8) {
  const std::string odd = "\xff\xfe odd";
  wire::Answer spawned;
  spawned.set_spawned(7);
  answer(spawned);
  ProcessSpec spec;
  spec.node = odd;
  spec.argv = {"echo", odd};
  spec.environment = {{"ODD", odd}, {"PLAIN", "a=b"}};
  spec.whole_environment = true;
  spec.directory = "/" + odd;
  EXPECT_EQ(client_->spawn(spec), 7u);
  const wire::Request request = asked();
  EXPECT_EQ(request.spawn().node(), odd);
  EXPECT_THAT(request.spawn().argv(), ElementsAre("echo", odd));
  EXPECT_THAT(request.spawn().environment(), ElementsAre("ODD=" + odd, "PLAIN=a=b"));
  EXPECT_TRUE(request.spawn().whole_environment());
  EXPECT_EQ(request.spawn().directory(), "/" + odd);

  wire::Answer failed;
  failed.mutable_failure()->set_input(true);
  failed.mutable_failure()->set_what(odd);
  answer(failed);
  try {
    client_->spawn(spec);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_EQ(error.what(), odd);
  }
}

TEST_F(ClientTest, AFailureIsAnAnswerLikeAnother) {
  wire::Answer failed;
  failed.mutable_failure()->set_what("no");
  answer(failed);
  EXPECT_THROW(client_->inspect(), WorkError);
  answer_with_inspection("yes");
  EXPECT_EQ(client_->inspect(), "yes");
}

TEST_F(ClientTest, APacketSocketComesWithItsAnswer) {
  Pipe pipe = make_pipe();
  wire::Answer done;
  done.mutable_done();
  server_->send_now(done, {pipe.write.get()}, std::chrono::steady_clock::now() + 5s);
  EXPECT_TRUE(client_->packet_socket("a"));
  EXPECT_EQ(asked().packet_socket(), "a");
  answer(done);
  EXPECT_THROW(client_->packet_socket("a"), WorkError) << "an answer without one";
}

TEST_F(ClientTest, SeesTheLabEnd) {
  EXPECT_FALSE(client_->wait_end(0ms));
  server_.reset();
  EXPECT_TRUE(client_->wait_end(5s));
  EXPECT_THROW(client_->inspect(), WorkError);
}

}  // namespace
}  // namespace geomx::control
