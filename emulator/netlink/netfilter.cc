#include "emulator/netlink/netfilter.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "emulator/base/error.h"

namespace geomx::netlink {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds deadline_after{10};
constexpr std::size_t buffer_bytes = 32 << 10;  // two hundred rules
constexpr std::size_t most_of_a_message = 1024;

}  // namespace

NetfilterBatch::NetfilterBatch(std::string attempt, std::string object)
    : attempt_(std::move(attempt)), object_(std::move(object)), buffer_(buffer_bytes) {}

nlmsghdr* NetfilterBatch::begin(int type, int flags, int family, int resource) {
  if (used_ + most_of_a_message > buffer_.size()) throw SystemError(object_, attempt_, EMSGSIZE);
  nlmsghdr* header = mnl_nlmsg_put_header(buffer_.data() + used_);
  header->nlmsg_type = static_cast<std::uint16_t>(type);
  header->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  header->nlmsg_seq = ++sequence_;
  if ((flags & NLM_F_ACK) != 0) answered_ = sequence_;
  auto* extra = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(header, sizeof(nfgenmsg)));
  extra->nfgen_family = static_cast<std::uint8_t>(family);
  extra->version = NFNETLINK_V0;
  extra->res_id = htons(static_cast<std::uint16_t>(resource));
  return header;
}

void NetfilterBatch::end(const nlmsghdr* message) {
  used_ += MNL_ALIGN(message->nlmsg_len);
}

NetfilterSocket::NetfilterSocket(const std::string& object)
    : socket_(mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC)) {
  if (socket_ == nullptr) throw SystemError(object, "open a netfilter socket", errno);
  if (mnl_socket_bind(socket_, 0, MNL_SOCKET_AUTOPID) < 0) {
    const int error = errno;
    mnl_socket_close(socket_);
    throw SystemError(object, "open a netfilter socket", error);
  }
}

NetfilterSocket::~NetfilterSocket() {
  mnl_socket_close(socket_);
}

int NetfilterSocket::exchange(const NetfilterBatch& batch, std::uint32_t last,
                              const std::function<void(const nlmsghdr*)>& each) {
  if (mnl_socket_sendto(socket_, batch.data(), batch.size()) < 0) return errno;
  int error = 0;
  const auto deadline = Clock::now() + deadline_after;
  std::vector<std::byte> buffer(buffer_bytes);
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd readable{mnl_socket_get_fd(socket_), POLLIN, 0};
    const int ready = ::poll(&readable, 1, static_cast<int>(std::max<long>(left, 0)));
    if (ready == 0) return ETIMEDOUT;
    if (ready < 0 && errno == EINTR) continue;
    int size = static_cast<int>(mnl_socket_recvfrom(socket_, buffer.data(), buffer.size()));
    if (size < 0) return errno;
    for (auto* header = reinterpret_cast<nlmsghdr*>(buffer.data()); mnl_nlmsg_ok(header, size);
         header = mnl_nlmsg_next(header, &size)) {
      if (header->nlmsg_type == NLMSG_ERROR) {
        const int answer = -static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(header))->error;
        if (error == 0) error = answer;
        // A transaction that fails as a whole may be answered by that one error alone.
        if (header->nlmsg_seq == last || answer != 0) return error;
      } else if (header->nlmsg_type == NLMSG_DONE) {
        return error;
      } else if (each) {
        each(header);
      }
    }
  }
}

void NetfilterSocket::execute(const NetfilterBatch& batch) {
  const int error = exchange(batch, batch.last_asking());
  if (error != 0) throw SystemError(batch.object(), batch.attempt(), error);
}

void put_number(nlmsghdr* message, int attribute, std::uint32_t value) {
  mnl_attr_put_u32(message, static_cast<std::uint16_t>(attribute), htonl(value));
}

void put_expression(nlmsghdr* message, const char* name, const std::function<void()>& attributes) {
  nlattr* element = mnl_attr_nest_start(message, NFTA_LIST_ELEM);
  mnl_attr_put_strz(message, NFTA_EXPR_NAME, name);
  nlattr* data = mnl_attr_nest_start(message, NFTA_EXPR_DATA);
  if (attributes) attributes();
  mnl_attr_nest_end(message, data);
  mnl_attr_nest_end(message, element);
}

void put_compare(nlmsghdr* message, const void* value, std::size_t size, bool equal) {
  put_expression(message, "cmp", [&] {
    put_number(message, NFTA_CMP_SREG, NFT_REG_1);
    put_number(message, NFTA_CMP_OP, equal ? NFT_CMP_EQ : NFT_CMP_NEQ);
    nlattr* data = mnl_attr_nest_start(message, NFTA_CMP_DATA);
    mnl_attr_put(message, NFTA_DATA_VALUE, size, value);
    mnl_attr_nest_end(message, data);
  });
}

}  // namespace geomx::netlink
