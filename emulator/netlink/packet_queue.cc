#include "emulator/netlink/packet_queue.h"

#include <netinet/in.h>  // before <linux/netfilter.h>, which gives way to it

#include <arpa/inet.h>
#include <endian.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "emulator/base/error.h"

namespace geomx::netlink {
namespace {

constexpr std::size_t kBatch = 64;
constexpr std::size_t kMessageBytes = 1024;
// Headers of what may arrive while the thread was kept from running; an ordinary user gets what the machine grants.
constexpr int kReceiveBuffer = 16 << 20;

constexpr std::uint16_t type_of(nfqnl_msg_types message) {
  return static_cast<std::uint16_t>(NFNL_SUBSYS_QUEUE << 8 | message);
}

std::string name_of(std::uint16_t number) {
  return "packet queue " + std::to_string(number);
}

nlmsghdr* begin(void* buffer, nfqnl_msg_types type, std::uint16_t queue, int flags = 0) {
  nlmsghdr* message = mnl_nlmsg_put_header(buffer);
  message->nlmsg_type = type_of(type);
  message->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  auto* extra = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(nfgenmsg)));
  extra->nfgen_family = AF_UNSPEC;
  extra->version = NFNETLINK_V0;
  extra->res_id = htons(queue);
  return message;
}

void put_verdict(nlmsghdr* message, std::uint32_t verdict, std::uint32_t id) {
  const nfqnl_msg_verdict_hdr header{htonl(verdict), htonl(id)};
  mnl_attr_put(message, NFQA_VERDICT_HDR, sizeof header, &header);
}

}  // namespace

std::optional<QueuedPacket> parse_queued_packet(std::span<const std::byte> message) {
  const auto* header = reinterpret_cast<const nlmsghdr*>(message.data());
  if (!mnl_nlmsg_ok(header, static_cast<int>(message.size())) || header->nlmsg_type != type_of(NFQNL_MSG_PACKET) ||
      header->nlmsg_len < NLMSG_HDRLEN + sizeof(nfgenmsg)) {
    return std::nullopt;
  }
  QueuedPacket packet;
  bool numbered = false;
  const auto* attribute = static_cast<const nlattr*>(mnl_nlmsg_get_payload_offset(header, sizeof(nfgenmsg)));
  const auto* end = static_cast<const char*>(mnl_nlmsg_get_payload_tail(header));
  for (; mnl_attr_ok(attribute, static_cast<int>(end - reinterpret_cast<const char*>(attribute)));
       attribute = mnl_attr_next(attribute)) {
    const auto* data = static_cast<const std::byte*>(mnl_attr_get_payload(attribute));
    const std::size_t size = mnl_attr_get_payload_len(attribute);
    switch (mnl_attr_get_type(attribute)) {
      case NFQA_PACKET_HDR:
        if (size < sizeof(nfqnl_msg_packet_hdr)) return std::nullopt;
        packet.id = ntohl(reinterpret_cast<const nfqnl_msg_packet_hdr*>(data)->packet_id);
        numbered = true;
        break;
      case NFQA_CAP_LEN:
        if (size < sizeof(std::uint32_t)) return std::nullopt;
        packet.length = ntohl(mnl_attr_get_u32(attribute));
        break;
      case NFQA_SKB_INFO:
        if (size < sizeof(std::uint32_t)) return std::nullopt;
        packet.super_frame = (ntohl(mnl_attr_get_u32(attribute)) & NFQA_SKB_GSO) != 0;
        break;
      case NFQA_TIMESTAMP: {
        if (size < sizeof(nfqnl_msg_packet_timestamp)) return std::nullopt;
        nfqnl_msg_packet_timestamp stamp;  // attributes are aligned to 4 bytes only
        std::memcpy(&stamp, data, sizeof stamp);
        packet.stamp = std::chrono::seconds(be64toh(stamp.sec)) + std::chrono::microseconds(be64toh(stamp.usec));
        break;
      }
      case NFQA_PAYLOAD:
        packet.start = {data, size};
        break;
      default:
        break;
    }
  }
  if (!numbered) return std::nullopt;
  // The kernel says how long a packet is only where it has cut it.
  if (packet.length == 0) packet.length = static_cast<std::uint32_t>(packet.start.size());
  return packet;
}

PacketQueue::PacketQueue(std::uint16_t number, std::uint32_t most_packets)
    : number_(number),
      fd_(check(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER),
                "open a netfilter socket", name_of(number))) {
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  check(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind a netfilter socket",
        name_of(number));
  // A full buffer is counted by the kernel, packet by packet; it need not be said by an error as well.
  const int on = 1;
  check(::setsockopt(fd_.get(), SOL_NETLINK, NETLINK_NO_ENOBUFS, &on, sizeof on), "set up", name_of(number));
  if (::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof kReceiveBuffer) != 0) {
    check(::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer), "set up",
          name_of(number));
  }
  const nfqnl_msg_config_cmd bind{NFQNL_CFG_CMD_BIND, 0, htons(AF_INET)};
  configure(NFQA_CFG_CMD, &bind, sizeof bind, "take over");
  const nfqnl_msg_config_params parameters{htonl(kQueuedBytes), NFQNL_COPY_PACKET};
  configure(NFQA_CFG_PARAMS, &parameters, sizeof parameters, "set up");
  const std::uint32_t most = htonl(most_packets);
  configure(NFQA_CFG_QUEUE_MAXLEN, &most, sizeof most, "set up");
}

// One setting at a time; the flags, that super-frames stay whole, go with each.
void PacketQueue::configure(int attribute, const void* data, std::size_t size, const char* attempt) const {
  alignas(nlmsghdr) std::array<std::byte, 256> buffer{};
  nlmsghdr* message = begin(buffer.data(), NFQNL_MSG_CONFIG, number_, NLM_F_ACK);
  mnl_attr_put(message, static_cast<std::uint16_t>(attribute), size, data);
  if (attribute != NFQA_CFG_CMD) {
    mnl_attr_put_u32(message, NFQA_CFG_FLAGS, htonl(NFQA_CFG_F_GSO));
    mnl_attr_put_u32(message, NFQA_CFG_MASK, htonl(NFQA_CFG_F_GSO));
  }
  check(static_cast<int>(::send(fd_.get(), message, message->nlmsg_len, 0)), attempt, name_of(number_));
  // The kernel has answered before send() returns; packets may have come meanwhile, which would be behind.
  alignas(nlmsghdr) std::array<std::byte, kMessageBytes> answer{};
  const ssize_t got = ::recv(fd_.get(), answer.data(), answer.size(), MSG_DONTWAIT);
  const auto* header = reinterpret_cast<const nlmsghdr*>(answer.data());
  if (!mnl_nlmsg_ok(header, static_cast<int>(got)) || header->nlmsg_type != NLMSG_ERROR) {
    throw SystemError(name_of(number_), attempt, EPROTO);
  }
  const int error = -static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(header))->error;
  if (error != 0) throw SystemError(name_of(number_), attempt, error);
}

bool PacketQueue::receive(const std::function<void(const QueuedPacket&)>& sink) {
  struct alignas(nlmsghdr) Buffer : std::array<std::byte, kMessageBytes> {};
  struct Batch {
    std::array<Buffer, kBatch> buffers;
    std::array<iovec, kBatch> parts;
    std::array<mmsghdr, kBatch> messages;
  };
  thread_local Batch batch;  // one serves all queues of a thread
  for (std::size_t i = 0; i < kBatch; ++i) {
    batch.parts[i] = {batch.buffers[i].data(), batch.buffers[i].size()};
    batch.messages[i] = {};
    batch.messages[i].msg_hdr.msg_iov = &batch.parts[i];
    batch.messages[i].msg_hdr.msg_iovlen = 1;
  }
  const int count = ::recvmmsg(fd_.get(), batch.messages.data(), kBatch, MSG_DONTWAIT, nullptr);
  for (int i = 0; i < count; ++i) {
    const auto place = static_cast<std::size_t>(i);
    const auto packet = parse_queued_packet({batch.buffers[place].data(), batch.messages[place].msg_len});
    if (!packet) continue;
    const std::uint64_t last = last_.load(std::memory_order_relaxed);
    const std::uint64_t number = last + (packet->id - static_cast<std::uint32_t>(last));
    last_.store(number, std::memory_order_relaxed);
    if (number > last + 1) lost_.store(lost() + number - last - 1, std::memory_order_relaxed);
    sink(*packet);
  }
  return count == static_cast<int>(kBatch);
}

bool PacketQueue::accept_up_to(std::uint32_t id) const {
  alignas(nlmsghdr) std::array<std::byte, 64> buffer{};
  nlmsghdr* message = begin(buffer.data(), NFQNL_MSG_VERDICT_BATCH, number_);
  put_verdict(message, NF_ACCEPT, id);
  return ::send(fd_.get(), message, message->nlmsg_len, 0) >= 0;
}

std::size_t PacketQueue::drop(std::span<const std::uint32_t> ids) const {
  constexpr std::size_t kTogether = 64;
  constexpr std::size_t kVerdictBytes = 32;
  alignas(nlmsghdr) std::array<std::byte, kTogether * kVerdictBytes> buffer{};
  std::size_t told = 0;
  while (told < ids.size()) {
    const std::size_t count = std::min(kTogether, ids.size() - told);
    std::size_t used = 0;
    for (const std::uint32_t id : ids.subspan(told, count)) {
      nlmsghdr* message = begin(buffer.data() + used, NFQNL_MSG_VERDICT, number_);
      put_verdict(message, NF_DROP, id);
      used += MNL_ALIGN(message->nlmsg_len);
    }
    if (::send(fd_.get(), buffer.data(), used, 0) < 0) break;
    told += count;
  }
  return told;
}

}  // namespace geomx::netlink
