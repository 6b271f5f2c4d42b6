#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

struct nl_msg;

namespace geomx::netlink {

// One rtnetlink request and what it is for, so that a failure can name both: `attempt` in words ("create veth"),
// `object` the thing it is done to ("a-worker-0:eth0"). Made by the functions in link.h, address.h, route.h,
// neighbour.h and qdisc.h without touching the kernel; carried out by Socket::execute, any number of times.
//
// The put_* members append attributes and throw WorkError when the message is full.
class Message {
 public:
  // `type` is RTM_..., `flags` NLM_F_... beside NLM_F_REQUEST, which is implied.
  // `capacity`: room in bytes for its attributes.
  Message(int type, int flags, std::string attempt, std::string object, std::size_t capacity = kCapacity);
  // Takes over a message that libnl-route has built.
  Message(nl_msg* message, std::string attempt, std::string object);
  Message(Message&& other) noexcept;
  Message& operator=(Message&& other) noexcept;
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;
  ~Message();

  const std::string& attempt() const { return attempt_; }
  const std::string& object() const { return object_; }
  nl_msg* get() const { return message_; }
  std::span<const std::byte> bytes() const;  // header and payload, as they go to the kernel

  void put_header(const void* data, std::size_t size);  // the family's fixed header, zero-padded: once, first
  void put(int attribute, const void* data, std::size_t size);
  void put_u8(int attribute, std::uint8_t value);
  void put_u32(int attribute, std::uint32_t value);
  void put_u64(int attribute, std::uint64_t value);
  void put_i64(int attribute, std::int64_t value);
  void put_string(int attribute, const std::string& value);

  // An attribute that contains others: those put while the Nest lives.
  class Nest {
   public:
    Nest(Message& message, int attribute);
    Nest(const Nest&) = delete;
    Nest& operator=(const Nest&) = delete;
    ~Nest();

   private:
    Message& message_;
    void* start_;
  };

  // More than any request of ours takes but those that say otherwise.
  static constexpr std::size_t kCapacity = 1024;

 private:
  nl_msg* message_;
  std::string attempt_;
  std::string object_;
};

// Requests to be sent together; see Socket::execute.
using Batch = std::vector<Message>;

}  // namespace geomx::netlink
