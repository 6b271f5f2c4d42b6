#include "emulator/netlink/message.h"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <cerrno>
#include <utility>

#include "emulator/base/error.h"

namespace geomx::netlink {

Message::Message(int type, int flags, std::string attempt, std::string object, std::size_t capacity)
    : message_(nlmsg_alloc_size(capacity)), attempt_(std::move(attempt)), object_(std::move(object)) {
  if (message_ == nullptr || nlmsg_put(message_, NL_AUTO_PORT, NL_AUTO_SEQ, type, 0, flags) == nullptr) {
    nlmsg_free(message_);
    throw SystemError(object_, attempt_, ENOMEM);
  }
}

Message::Message(nl_msg* message, std::string attempt, std::string object)
    : message_(message), attempt_(std::move(attempt)), object_(std::move(object)) {}

Message::Message(Message&& other) noexcept
    : message_(std::exchange(other.message_, nullptr)),
      attempt_(std::move(other.attempt_)),
      object_(std::move(other.object_)) {}

Message& Message::operator=(Message&& other) noexcept {
  std::swap(message_, other.message_);
  attempt_ = std::move(other.attempt_);
  object_ = std::move(other.object_);
  return *this;
}

Message::~Message() {
  nlmsg_free(message_);
}

std::span<const std::byte> Message::bytes() const {
  const nlmsghdr* header = nlmsg_hdr(message_);
  return {reinterpret_cast<const std::byte*>(header), header->nlmsg_len};
}

void Message::put_header(const void* data, std::size_t size) {
  if (nlmsg_append(message_, const_cast<void*>(data), size, NLMSG_ALIGNTO) < 0) {
    throw SystemError(object_, attempt_, EMSGSIZE);
  }
}

void Message::put(int attribute, const void* data, std::size_t size) {
  if (nla_put(message_, attribute, static_cast<int>(size), data) < 0) throw SystemError(object_, attempt_, EMSGSIZE);
}

void Message::put_u8(int attribute, std::uint8_t value) {
  put(attribute, &value, sizeof(value));
}
void Message::put_u32(int attribute, std::uint32_t value) {
  put(attribute, &value, sizeof(value));
}
void Message::put_u64(int attribute, std::uint64_t value) {
  put(attribute, &value, sizeof(value));
}
void Message::put_i64(int attribute, std::int64_t value) {
  put(attribute, &value, sizeof(value));
}
void Message::put_string(int attribute, const std::string& value) {
  put(attribute, value.c_str(), value.size() + 1);
}

Message::Nest::Nest(Message& message, int attribute)
    : message_(message), start_(nla_nest_start(message.message_, attribute)) {
  if (start_ == nullptr) throw SystemError(message.object_, message.attempt_, EMSGSIZE);
}

Message::Nest::~Nest() {
  nla_nest_end(message_.message_, static_cast<nlattr*>(start_));
}

}  // namespace geomx::netlink
