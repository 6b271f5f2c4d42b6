#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include <random>
#include <string>

#include "ps/transport/wire.h"
#include "tests/support/ps_media.h"

// Strangers that send anything at all: nothing may crash, and what is no message is counted and dropped.
namespace geomx::ps::testing {
namespace {

using namespace std::chrono_literals;

std::string random_bytes(std::mt19937_64& random, std::size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

std::string good_header() {
  proto::Header header;
  header.set_version(kProtocolVersion);
  header.mutable_data()->set_request(1);
  return header.SerializeAsString();
}

TEST(WireTest, RandomBytesNeverCrashTheDecoder) {
  std::mt19937_64 random(1);
  int rejected = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string bytes = random_bytes(random, random() % 200);
    proto::Header header;
    if (!decode_header(bytes.data(), bytes.size(), header)) ++rejected;
  }
  EXPECT_GT(rejected, 19'000);
}

TEST(WireTest, EveryTruncationAndEveryFlippedBitIsDecodedOrRejected) {
  proto::Header header;
  header.set_version(kProtocolVersion);
  header.mutable_roster()->set_your_id(5);
  for (int i = 0; i < 3; ++i) header.mutable_roster()->add_peers()->set_name("some-host:123");
  const std::string good = header.SerializeAsString();
  proto::Header decoded;
  ASSERT_TRUE(decode_header(good.data(), good.size(), decoded));
  EXPECT_EQ(decoded.SerializeAsString(), good);
  EXPECT_FALSE(decode_header(good.data(), 0, decoded));
  // What is taken is a header that says the same once more after another trip; the rest is rejected.
  int taken = 0;
  int rejected = 0;
  const auto try_to_decode = [&](const std::string& bytes) {
    if (!decode_header(bytes.data(), bytes.size(), decoded)) {
      ++rejected;
      return;
    }
    ++taken;
    const std::string once = decoded.SerializeAsString();
    proto::Header again;
    ASSERT_TRUE(decode_header(once.data(), once.size(), again));
    EXPECT_EQ(again.SerializeAsString(), once);
  };
  for (std::size_t size = 1; size < good.size(); ++size) try_to_decode(good.substr(0, size));
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    try_to_decode(bad);
  }
  EXPECT_GT(taken, 50);     // a letter of a name has changed
  EXPECT_GT(rejected, 50);  // lengths no longer fit
}

TEST(WireTest, ARegistrationOfAnotherVersionPassesSoThatItCanBeRefused) {
  proto::Header header;
  header.set_version(kProtocolVersion + 1);
  header.mutable_heartbeat();
  EXPECT_FALSE(acceptable(header));
  header.mutable_register_();
  EXPECT_TRUE(acceptable(header));
  header.mutable_refusal();
  EXPECT_TRUE(acceptable(header));
}

TEST(ZmqGarbageTest, RandomMultipartMessagesAreCountedAndDropped) {
  const auto server = make_zmq_transport();
  const Endpoint endpoint = server->bind({"127.0.0.1", 0});
  void* context = zmq_ctx_new();
  void* stranger = zmq_socket(context, ZMQ_DEALER);
  ASSERT_EQ(zmq_connect(stranger, ("tcp://" + to_string(endpoint)).c_str()), 0);
  std::mt19937_64 random(2);
  constexpr int kMessages = 500;
  for (int i = 0; i < kMessages; ++i) {
    const int parts = 1 + static_cast<int>(random() % 4);
    for (int part = 0; part < parts; ++part) {
      // The first byte makes sure that it is no header: a field number that does not exist, cut off.
      const std::string bytes =
          part == 0 ? "\xff" + std::string(random() % 2 == 0 ? 0 : 9, '\xff') : random_bytes(random, random() % 3000);
      ASSERT_GE(zmq_send(stranger, bytes.data(), bytes.size(), part + 1 < parts ? ZMQ_SNDMORE : 0), 0);
    }
  }
  const std::string good = good_header();
  ASSERT_GE(zmq_send(stranger, good.data(), good.size(), 0), 0);
  EXPECT_TRUE(server->receive(soon()));
  EXPECT_EQ(server->counters().rejected, static_cast<std::uint64_t>(kMessages));
  zmq_close(stranger);
  zmq_ctx_term(context);
}

TEST(ZmqGarbageTest, RawBytesOnThePortDisturbNobody) {
  const auto server = make_zmq_transport();
  const Endpoint endpoint = server->bind({"127.0.0.1", 0});
  std::mt19937_64 random(3);
  for (int i = 0; i < 50; ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_GE(fd, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(endpoint.port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    const std::string bytes = random_bytes(random, 1 + random() % 300);
    EXPECT_GT(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL), 0);
    ::close(fd);
  }
  const auto worker = make_zmq_transport();
  worker->connect({Role::server, 0}, endpoint);
  Message message;
  message.header.set_version(kProtocolVersion);
  message.header.mutable_data();
  worker->send({Role::server, 0}, std::move(message));
  EXPECT_TRUE(server->receive(soon()));
}

}  // namespace
}  // namespace geomx::ps::testing
