#include "emulator/netlink/nat.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <net/if.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <functional>

#include "emulator/base/error.h"

namespace geomx::netlink {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds deadline_after{10};
constexpr std::size_t buffer_bytes = 32 << 10;  // two hundred rules
constexpr std::size_t most_of_a_message = 1024;
constexpr const char* chain = "postrouting";
constexpr std::uint32_t source_nat_priority = 100;  // where nft's "srcnat" is
constexpr std::uint32_t source_offset = 12;         // of the sender's address in an IPv4 header

// Messages for nf_tables, one after the other in one buffer.
class Batch {
 public:
  explicit Batch(std::string table) : table_(std::move(table)), buffer_(buffer_bytes) {}

  nlmsghdr* begin(int type, int flags, int family = NFPROTO_IPV4, int resource = 0) {
    if (used_ + most_of_a_message > buffer_.size()) throw SystemError(table_, "make NAT rules", EMSGSIZE);
    nlmsghdr* header = mnl_nlmsg_put_header(buffer_.data() + used_);
    header->nlmsg_type = static_cast<std::uint16_t>(type);
    header->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    header->nlmsg_seq = ++sequence_;
    auto* extra = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(header, sizeof(nfgenmsg)));
    extra->nfgen_family = static_cast<std::uint8_t>(family);
    extra->version = NFNETLINK_V0;
    extra->res_id = htons(static_cast<std::uint16_t>(resource));
    return header;
  }
  void end(const nlmsghdr* header) { used_ += MNL_ALIGN(header->nlmsg_len); }

  // What lies between these is carried out as a whole or not at all.
  void begin_transaction() { end(begin(NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES)); }
  void end_transaction() { end(begin(NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES)); }

  const std::string& table() const { return table_; }
  const std::byte* data() const { return buffer_.data(); }
  std::size_t size() const { return used_; }
  std::uint32_t last() const { return sequence_; }

 private:
  std::string table_;
  std::vector<std::byte> buffer_;
  std::size_t used_ = 0;
  std::uint32_t sequence_ = 0;
};

constexpr int type_of(nf_tables_msg_types message) {
  return NFNL_SUBSYS_NFTABLES << 8 | message;
}

// A socket to the kernel's netfilter, closed with its owner.
class Netfilter {
 public:
  explicit Netfilter(const std::string& table) : socket_(mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC)) {
    if (socket_ == nullptr) throw SystemError(table, "open a netfilter socket", errno);
    if (mnl_socket_bind(socket_, 0, MNL_SOCKET_AUTOPID) < 0) {
      const int error = errno;
      mnl_socket_close(socket_);
      throw SystemError(table, "open a netfilter socket", error);
    }
  }
  Netfilter(const Netfilter&) = delete;
  Netfilter& operator=(const Netfilter&) = delete;
  ~Netfilter() { mnl_socket_close(socket_); }

  // Returns once `last` is answered, 0 or the first error of all; `each` sees every message that is no such answer.
  int exchange(const Batch& batch, std::uint32_t last, const std::function<void(const nlmsghdr*)>& each = {}) {
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

 private:
  mnl_socket* socket_;
};

void put_number(nlmsghdr* message, int attribute, std::uint32_t value) {
  mnl_attr_put_u32(message, static_cast<std::uint16_t>(attribute), htonl(value));
}

// One step of a rule: a name, and its own attributes.
void put_expression(nlmsghdr* message, const char* name, const std::function<void()>& attributes = {}) {
  nlattr* element = mnl_attr_nest_start(message, NFTA_LIST_ELEM);
  mnl_attr_put_strz(message, NFTA_EXPR_NAME, name);
  nlattr* data = mnl_attr_nest_start(message, NFTA_EXPR_DATA);
  if (attributes) attributes();
  mnl_attr_nest_end(message, data);
  mnl_attr_nest_end(message, element);
}

// Goes on with the rule only where the register has that value.
void put_equals(nlmsghdr* message, const void* value, std::size_t size) {
  put_expression(message, "cmp", [&] {
    put_number(message, NFTA_CMP_SREG, NFT_REG_1);
    put_number(message, NFTA_CMP_OP, NFT_CMP_EQ);
    nlattr* data = mnl_attr_nest_start(message, NFTA_CMP_DATA);
    mnl_attr_put(message, NFTA_DATA_VALUE, size, value);
    mnl_attr_nest_end(message, data);
  });
}

void put_rule(nlmsghdr* message, const Masquerade& rule) {
  nlattr* expressions = mnl_attr_nest_start(message, NFTA_RULE_EXPRESSIONS);
  if (rule.source != 0) {
    put_expression(message, "payload", [&] {
      put_number(message, NFTA_PAYLOAD_DREG, NFT_REG_1);
      put_number(message, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
      put_number(message, NFTA_PAYLOAD_OFFSET, source_offset);
      put_number(message, NFTA_PAYLOAD_LEN, sizeof(rule.source));
    });
    const std::uint32_t address = htonl(rule.source);
    put_equals(message, &address, sizeof(address));
  }
  if (!rule.out_interface.empty()) {
    put_expression(message, "meta", [&] {
      put_number(message, NFTA_META_DREG, NFT_REG_1);
      put_number(message, NFTA_META_KEY, NFT_META_OIFNAME);
    });
    std::array<char, IFNAMSIZ> name{};
    std::copy_n(rule.out_interface.begin(), std::min(rule.out_interface.size(), name.size() - 1), name.begin());
    put_equals(message, name.data(), name.size());
  }
  put_expression(message, "masq");
  mnl_attr_nest_end(message, expressions);
}

}  // namespace

void add_masquerade(const std::string& table, const std::vector<Masquerade>& rules) {
  Batch batch(table);
  batch.begin_transaction();
  nlmsghdr* message = batch.begin(type_of(NFT_MSG_NEWTABLE), NLM_F_CREATE | NLM_F_EXCL);
  mnl_attr_put_strz(message, NFTA_TABLE_NAME, table.c_str());
  batch.end(message);
  message = batch.begin(type_of(NFT_MSG_NEWCHAIN), NLM_F_CREATE | NLM_F_EXCL);
  mnl_attr_put_strz(message, NFTA_CHAIN_TABLE, table.c_str());
  mnl_attr_put_strz(message, NFTA_CHAIN_NAME, chain);
  mnl_attr_put_strz(message, NFTA_CHAIN_TYPE, "nat");
  nlattr* hook = mnl_attr_nest_start(message, NFTA_CHAIN_HOOK);
  put_number(message, NFTA_HOOK_HOOKNUM, NF_INET_POST_ROUTING);
  put_number(message, NFTA_HOOK_PRIORITY, source_nat_priority);
  mnl_attr_nest_end(message, hook);
  batch.end(message);
  std::uint32_t last = batch.last();
  for (std::size_t i = 0; i < rules.size(); ++i) {
    // The last one's acknowledgement stands for all.
    message =
        batch.begin(type_of(NFT_MSG_NEWRULE), NLM_F_CREATE | NLM_F_APPEND | (i + 1 == rules.size() ? NLM_F_ACK : 0));
    mnl_attr_put_strz(message, NFTA_RULE_TABLE, table.c_str());
    mnl_attr_put_strz(message, NFTA_RULE_CHAIN, chain);
    put_rule(message, rules[i]);
    batch.end(message);
    last = batch.last();
  }
  batch.end_transaction();
  const int error = Netfilter(table).exchange(batch, last);
  if (error != 0) {
    throw SystemError(table, "make NAT rules", error,
                      error == EOPNOTSUPP || error == ENOENT || error == EINVAL
                          ? "the kernel needs nf_tables, nf_nat and nft_masq"
                          : "");
  }
}

bool remove_table(const std::string& table) {
  Batch batch(table);
  batch.begin_transaction();
  nlmsghdr* message = batch.begin(type_of(NFT_MSG_DELTABLE), NLM_F_ACK);
  mnl_attr_put_strz(message, NFTA_TABLE_NAME, table.c_str());
  batch.end(message);
  const std::uint32_t last = batch.last();
  batch.end_transaction();
  const int error = Netfilter(table).exchange(batch, last);
  if (error != 0 && error != ENOENT) throw SystemError(table, "remove NAT rules", error);
  return error == 0;
}

std::vector<std::string> list_tables() {
  Batch batch("nftables");
  batch.end(batch.begin(type_of(NFT_MSG_GETTABLE), NLM_F_DUMP));
  std::vector<std::string> names;
  const auto each = [&names](const nlmsghdr* header) {
    for (auto* attribute = static_cast<nlattr*>(mnl_nlmsg_get_payload_offset(header, sizeof(nfgenmsg)));
         mnl_attr_ok(attribute, static_cast<int>(static_cast<char*>(mnl_nlmsg_get_payload_tail(header)) -
                                                 reinterpret_cast<char*>(attribute)));
         attribute = mnl_attr_next(attribute)) {
      if (mnl_attr_get_type(attribute) == NFTA_TABLE_NAME) names.emplace_back(mnl_attr_get_str(attribute));
    }
  };
  const int error = Netfilter(batch.table()).exchange(batch, batch.last(), each);
  if (error != 0) throw SystemError("nftables", "list tables", error);
  return names;
}

}  // namespace geomx::netlink
