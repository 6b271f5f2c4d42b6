#include "emulator/control/client.h"

#include <gmock/gmock.h>
#include <sys/eventfd.h>

#include "tests/unit/emulator/control/played_server.h"

// The client against a server that the test plays: on another thread while the client asks.
namespace geomx::control {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

class ClientTest : public ::testing::Test {
 protected:
  ClientTest()
      : router_(folder_.take_requests()),
        client_(folder_.take_client_end(), folder_.path(), "play"),
        session_(std::in_place, folder_.take_server_end()) {}

  static wire::Answer inspection(const std::string& text) {
    wire::Answer answer;
    answer.set_inspection(text);
    answer.set_protocol(kProtocol);
    return answer;
  }

  // Answers the next request with all of these.
  std::jthread play(std::vector<wire::Answer> answers) {
    return std::jthread([this, answers = std::move(answers)] {
      const auto received = wait_for(router_.descriptors(), [&] { return router_.receive(); });
      ASSERT_TRUE(received);
      ASSERT_TRUE(asked_.ParseFromString(received->message));
      for (const wire::Answer& answer : answers) router_.send(received->client, answer.SerializeAsString());
    });
  }
  // Lies in the socket before it is asked for.
  void answer_by_descriptors(wire::Answer answer, const std::vector<int>& descriptors = {}) {
    answer.set_protocol(kProtocol);
    session_->send_now(answer, descriptors, std::chrono::steady_clock::now() + 5s);
  }
  wire::Request asked_by_descriptors() {
    wire::Request request;
    session_->receive();
    EXPECT_TRUE(request.ParseFromString(session_->next().value_or("nothing was asked")));
    return request;
  }
  bool readable() const {
    pollfd entry{client_.fd(), POLLIN, 0};
    return ::poll(&entry, 1, 0) == 1;
  }

  SocketFolder folder_;
  Router router_;
  Client client_;
  std::optional<Channel> session_;
  wire::Request asked_;
};

TEST_F(ClientTest, AnAnswerThatComesTooLateIsNotTheNextOnes) {
  try {
    client_.down(20ms);
    FAIL() << "nobody has answered";
  } catch (const WorkError& error) {
    EXPECT_THAT(error.line(), HasSubstr("play: the lab did not answer within"));
  }
  EXPECT_TRUE(readable()) << "who waits for exits is to hear that none will come";
  play({inspection("late")}).join();
  EXPECT_THROW(client_.inspect(), WorkError);
  EXPECT_THROW(client_.next_exit(0ms), WorkError);
  EXPECT_FALSE(client_.wait_end(0ms)) << "that it hangs does not say that it has ended";
}

TEST_F(ClientTest, AWaitHasTheLengthThatItIsGivenAndCanBeInterrupted) {
  EXPECT_TRUE(client_.usable());
  const FileDescriptor interrupt(::eventfd(0, EFD_CLOEXEC));
  client_.interrupt_by(interrupt.get());
  const auto start = std::chrono::steady_clock::now();
  const std::jthread other([&] {
    wait_for(router_.descriptors(), [&] { return router_.receive(); });  // it has asked
    ::eventfd_write(interrupt.get(), 1);
  });
  EXPECT_THROW(client_.inspect(), WorkError);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 20s) << "not the usual 30";
  EXPECT_FALSE(client_.usable());
}

TEST_F(ClientTest, PatienceIsTheCallers) {
  client_.set_patience(20ms);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THROW(client_.counters(), WorkError);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 20s);
}

TEST_F(ClientTest, TextsNeedNotBeUtf8) {
  const std::string odd = "\xff\xfe odd";
  wire::Answer spawned;
  spawned.set_spawned(7);
  answer_by_descriptors(spawned);
  ProcessSpec spec;
  spec.node = odd;
  spec.argv = {"echo", odd};
  spec.environment = {{"ODD", odd}, {"PLAIN", "a=b"}};
  spec.whole_environment = true;
  spec.directory = "/" + odd;
  EXPECT_EQ(client_.spawn(spec), 7u);
  const wire::Request request = asked_by_descriptors();
  EXPECT_EQ(request.protocol(), kProtocol);
  EXPECT_EQ(request.spawn().node(), odd);
  EXPECT_THAT(request.spawn().argv(), ElementsAre("echo", odd));
  EXPECT_THAT(request.spawn().environment(), ElementsAre("ODD=" + odd, "PLAIN=a=b"));
  EXPECT_TRUE(request.spawn().whole_environment());
  EXPECT_EQ(request.spawn().directory(), "/" + odd);

  wire::Answer failed;
  failed.mutable_failure()->set_input(true);
  failed.mutable_failure()->set_what(odd);
  answer_by_descriptors(failed);
  try {
    client_.spawn(spec);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_EQ(error.what(), odd);
  }
}

TEST_F(ClientTest, AFailureIsAnAnswerLikeAnother) {
  wire::Answer failed;
  failed.set_protocol(kProtocol);
  failed.mutable_failure()->set_what("no");
  {
    const std::jthread server = play({failed});
    EXPECT_THROW(client_.inspect(), WorkError);
  }
  const std::jthread server = play({inspection("yes")});
  EXPECT_EQ(client_.inspect(), "yes");
}

TEST_F(ClientTest, ALabOfAnotherVersionIsAnErrorWithBoth) {
  wire::Answer other = inspection("?");
  other.set_protocol(77);
  const std::jthread server = play({other});
  try {
    client_.inspect();
    FAIL();
  } catch (const WorkError& error) {
    EXPECT_THAT(error.line(), HasSubstr("the lab speaks protocol 77, and this program 1"));
  }
}

TEST_F(ClientTest, WhatComesUnaskedDoesNotMixWithAnswersAndIsAcknowledged) {
  wire::Answer done;
  done.set_protocol(kProtocol);
  done.mutable_done();
  wire::Answer event;
  event.set_protocol(kProtocol);
  event.mutable_event()->set_kind("down");
  wire::Answer probe;
  probe.set_protocol(kProtocol);
  probe.mutable_probe();
  {
    const std::jthread server = play({event, probe, done, event});
    client_.subscribe(0ms);
  }
  for (int i = 0; i < 2; ++i) {
    const auto told = client_.next_event(5s);
    ASSERT_TRUE(told) << i;
    EXPECT_EQ(told->kind, "down");
  }
  EXPECT_FALSE(client_.next_event(0ms));
  std::uint64_t received = 0;
  while (received < 4) {
    const auto message = wait_for(router_.descriptors(), [&] { return router_.receive(); });
    ASSERT_TRUE(message);
    wire::Request request;
    ASSERT_TRUE(request.ParseFromString(message->message));
    EXPECT_EQ(request.what_case(), wire::Request::kRead);
    EXPECT_GT(request.received(), received);
    received = request.received();
  }
  EXPECT_EQ(received, 4u);
}

TEST_F(ClientTest, ASubscriptionsEndIsToldToWhoeverWaits) {
  wire::Answer done;
  done.set_protocol(kProtocol);
  done.mutable_done();
  wire::Answer end;
  end.set_protocol(kProtocol);
  end.set_end("not read");
  const std::jthread server = play({done, end});
  try {
    client_.subscribe(0ms);
    client_.next_event(5s);
    FAIL();
  } catch (const WorkError& error) {
    EXPECT_STREQ(error.what(), "not read");
  }
}

TEST_F(ClientTest, APacketSocketComesWithItsAnswer) {
  Pipe pipe = make_pipe();
  wire::Answer done;
  done.mutable_done();
  answer_by_descriptors(done, {pipe.write.get()});
  EXPECT_TRUE(client_.packet_socket("a"));
  EXPECT_EQ(asked_by_descriptors().packet_socket(), "a");
  answer_by_descriptors(done);
  EXPECT_THROW(client_.packet_socket("a"), WorkError) << "an answer without one";
}

TEST_F(ClientTest, SeesTheLabEnd) {
  EXPECT_FALSE(client_.wait_end(0ms));
  session_.reset();
  EXPECT_TRUE(client_.wait_end(5s));
  EXPECT_THROW(client_.inspect(), WorkError);
  EXPECT_NO_THROW(client_.down()) << "it is what was asked for";
}

}  // namespace
}  // namespace geomx::control
