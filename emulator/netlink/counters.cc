#include "emulator/netlink/counters.h"

#include <libmnl/libmnl.h>
#include <linux/gen_stats.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "emulator/base/error.h"

namespace geomx::netlink {

namespace {

constexpr timeval kDeadline{5, 0};
constexpr int kAttempts = 20;
constexpr std::size_t kDumpBytes = 64 << 10;
constexpr std::size_t kAnswerBytes = 8 << 10;

template <typename T>
T read(const nlattr* attribute) {
  T value{};
  std::memcpy(&value, mnl_attr_get_payload(attribute),
              std::min<std::size_t>(sizeof(T), mnl_attr_get_payload_len(attribute)));
  return value;
}

// Attributes by type; null where absent.
using Attributes = std::array<const nlattr*, 32>;

int collect(const nlattr* attribute, void* result) {
  auto& attributes = *static_cast<Attributes*>(result);
  const std::uint16_t type = mnl_attr_get_type(attribute);
  if (type < attributes.size()) attributes[type] = attribute;
  return MNL_CB_OK;
}

void parse_link(const nlmsghdr* message, void* result) {
  const auto* header = static_cast<const if_stats_msg*>(mnl_nlmsg_get_payload(message));
  Attributes attributes{};
  mnl_attr_parse(message, sizeof(*header), collect, &attributes);
  if (attributes[IFLA_STATS_LINK_64] == nullptr) return;
  const auto stats = read<rtnl_link_stats64>(attributes[IFLA_STATS_LINK_64]);
  static_cast<std::vector<LinkCounters>*>(result)->push_back({.link_index = static_cast<int>(header->ifindex),
                                                              .rx_packets = stats.rx_packets,
                                                              .rx_bytes = stats.rx_bytes,
                                                              .rx_dropped = stats.rx_dropped,
                                                              .tx_packets = stats.tx_packets,
                                                              .tx_bytes = stats.tx_bytes,
                                                              .tx_dropped = stats.tx_dropped});
}

void parse_stats(const nlattr* nest, QdiscCounters& counters) {
  Attributes attributes{};
  mnl_attr_parse_nested(nest, collect, &attributes);
  if (const nlattr* basic = attributes[TCA_STATS_BASIC]) {
    counters.bytes = read<gnet_stats_basic>(basic).bytes;
    counters.packets = read<gnet_stats_basic>(basic).packets;
  }
  // Given once the 32 bits of the above have overflowed.
  if (const nlattr* packets = attributes[TCA_STATS_PKT64]) counters.packets = read<std::uint64_t>(packets);
  if (const nlattr* attribute = attributes[TCA_STATS_QUEUE]) {
    const auto queue = read<gnet_stats_queue>(attribute);
    counters.drops = queue.drops;
    counters.overlimits = queue.overlimits;
    counters.requeues = queue.requeues;
    counters.backlog = queue.backlog;
    counters.qlen = queue.qlen;
  }
}

void parse_qdisc(const nlmsghdr* message, void* result) {
  const auto* header = static_cast<const tcmsg*>(mnl_nlmsg_get_payload(message));
  Attributes attributes{};
  mnl_attr_parse(message, sizeof(*header), collect, &attributes);
  QdiscCounters counters;
  counters.link_index = header->tcm_ifindex;
  counters.handle = header->tcm_handle;
  counters.parent = header->tcm_parent;
  if (attributes[TCA_KIND] != nullptr) counters.kind = mnl_attr_get_str(attributes[TCA_KIND]);
  if (attributes[TCA_STATS2] != nullptr) parse_stats(attributes[TCA_STATS2], counters);
  static_cast<std::vector<QdiscCounters>*>(result)->push_back(std::move(counters));
}

using Parse = void (*)(const nlmsghdr* message, void* result);

// Hands the kernel's answers to `parse` until one ends them: all of a dump, or the only one. False where a concurrent
// change made a dump incomplete.
bool ask_once(mnl_socket* socket, nlmsghdr* request, Parse parse, void* result, const char* attempt) {
  const bool dump = (request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
  if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0) throw SystemError({}, attempt, errno);
  const std::size_t size = dump ? kDumpBytes : kAnswerBytes;
  const auto buffer = std::make_unique_for_overwrite<char[]>(size);  // most answers fill little of it
  bool consistent = true;
  for (;;) {
    const ssize_t received = mnl_socket_recvfrom(socket, buffer.get(), size);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0) throw SystemError({}, attempt, errno == EAGAIN ? ETIMEDOUT : errno);
    int left = static_cast<int>(received);
    for (const auto* message = reinterpret_cast<const nlmsghdr*>(buffer.get()); mnl_nlmsg_ok(message, left);
         message = mnl_nlmsg_next(message, &left)) {
      if (message->nlmsg_seq != request->nlmsg_seq) continue;  // left over from an answer that ended in an exception
      consistent = consistent && (message->nlmsg_flags & NLM_F_DUMP_INTR) == 0;
      if (message->nlmsg_type == NLMSG_ERROR) {
        throw SystemError({}, attempt, -static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message))->error);
      }
      if (message->nlmsg_type == NLMSG_DONE) return consistent;
      parse(message, result);
      if (!dump) return true;
    }
  }
}

// Nullopt where the kernel has no such object.
template <typename Counters>
std::optional<Counters> get(mnl_socket* socket, nlmsghdr* request, std::uint32_t& sequence, Parse parse,
                            const char* attempt) {
  // Kernels before 6.8 answer with a notification, which the asker hears of only if it wants an echo.
  request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ECHO;
  request->nlmsg_seq = ++sequence;
  std::vector<Counters> result;
  try {
    ask_once(socket, request, parse, &result, attempt);
  } catch (const SystemError& error) {
    if (error.error_number() != ENODEV && error.error_number() != ENOENT) throw;
  }
  if (result.empty()) return std::nullopt;
  return std::move(result.front());
}

// All that one dump has, asked for again as long as it was incomplete.
template <typename Counters>
std::vector<Counters> dump(mnl_socket* socket, nlmsghdr* request, std::uint32_t& sequence, Parse parse,
                           const char* attempt) {
  request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  for (int i = 0; i < kAttempts; ++i) {
    std::vector<Counters> result;
    request->nlmsg_seq = ++sequence;
    if (ask_once(socket, request, parse, &result, attempt)) return result;
  }
  throw SystemError({}, attempt, EAGAIN, "the namespace keeps changing meanwhile");
}

nlmsghdr* ask_links(std::array<char, 256>& space, int index) {
  nlmsghdr* request = mnl_nlmsg_put_header(space.data());
  request->nlmsg_type = RTM_GETSTATS;
  auto* ask = static_cast<if_stats_msg*>(mnl_nlmsg_put_extra_header(request, sizeof(if_stats_msg)));
  ask->ifindex = static_cast<std::uint32_t>(index);
  ask->filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64);
  return request;
}

}  // namespace

CounterReader::CounterReader() : socket_(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC)) {
  if (socket_ == nullptr) throw SystemError({}, "open netlink socket", errno);
  if (mnl_socket_bind(socket_, 0, MNL_SOCKET_AUTOPID) < 0 ||
      ::setsockopt(mnl_socket_get_fd(socket_), SOL_SOCKET, SO_RCVTIMEO, &kDeadline, sizeof(kDeadline)) < 0) {
    const int error = errno;
    mnl_socket_close(socket_);
    throw SystemError({}, "bind netlink socket", error);
  }
}

CounterReader::CounterReader(CounterReader&& other) noexcept
    : socket_(std::exchange(other.socket_, nullptr)), sequence_(other.sequence_) {}

CounterReader& CounterReader::operator=(CounterReader&& other) noexcept {
  std::swap(socket_, other.socket_);
  sequence_ = other.sequence_;
  return *this;
}

CounterReader::~CounterReader() {
  if (socket_ != nullptr) mnl_socket_close(socket_);
}

std::vector<LinkCounters> CounterReader::links() {
  alignas(nlmsghdr) std::array<char, 256> space{};
  return dump<LinkCounters>(socket_, ask_links(space, 0), sequence_, parse_link, "read link counters");
}

std::vector<QdiscCounters> CounterReader::qdiscs() {
  alignas(nlmsghdr) std::array<char, 256> space{};
  nlmsghdr* request = mnl_nlmsg_put_header(space.data());
  request->nlmsg_type = RTM_GETQDISC;
  mnl_nlmsg_put_extra_header(request, sizeof(tcmsg));
  return dump<QdiscCounters>(socket_, request, sequence_, parse_qdisc, "read qdisc counters");
}

std::optional<LinkCounters> CounterReader::link(int index) {
  alignas(nlmsghdr) std::array<char, 256> space{};
  return get<LinkCounters>(socket_, ask_links(space, index), sequence_, parse_link, "read link counters");
}

std::optional<QdiscCounters> CounterReader::qdisc(int link_index, std::uint32_t handle) {
  alignas(nlmsghdr) std::array<char, 256> space{};
  nlmsghdr* request = mnl_nlmsg_put_header(space.data());
  request->nlmsg_type = RTM_GETQDISC;
  auto* ask = static_cast<tcmsg*>(mnl_nlmsg_put_extra_header(request, sizeof(tcmsg)));
  ask->tcm_ifindex = link_index;
  ask->tcm_handle = handle;
  return get<QdiscCounters>(socket_, request, sequence_, parse_qdisc, "read qdisc counters");
}

}  // namespace geomx::netlink
