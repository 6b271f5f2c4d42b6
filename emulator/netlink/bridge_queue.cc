#include "emulator/netlink/bridge_queue.h"

#include <arpa/inet.h>
#include <endian.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <string>

#include "emulator/base/error.h"
#include "emulator/netlink/netfilter.h"

namespace geomx::netlink {
namespace {

constexpr const char* kTable = "geomx-wire";
constexpr const char* kBridgeNetfilter = "/proc/sys/net/bridge/bridge-nf-call-iptables";
constexpr const char* kRemedy = "modprobe br_netfilter";
constexpr const char* kPorts = "ports";    // map of the bridge table: by which port -> chain of the port
constexpr const char* kQueues = "queues";  // map of the IPv4 table: mark -> chain of the queue
constexpr std::uint32_t kVerdictMap = 0xffffff00;
// Hooks of a bridge, from <linux/netfilter_bridge.h>, which is not C++.
constexpr std::uint32_t kBridgePrerouting = 0;
constexpr std::uint32_t kBridgeInput = 1;
constexpr std::uint32_t kBridgeOutput = 3;
constexpr std::int32_t kBeforeBridgeNetfilter = -300;
constexpr std::uint32_t kEtherTypeOffset = 12;
constexpr std::uint16_t kIpv4 = 0x0800;

std::string port_chain(int port) {
  return "port" + std::to_string(port);
}
std::string queue_chain(std::uint16_t queue) {
  return "queue" + std::to_string(queue);
}
// 0 is the mark of a frame that nobody has marked.
std::uint32_t mark_of(std::uint16_t queue) {
  return queue + 1U;
}

// What rules are made of, beside put_compare.

void put_load_meta(nlmsghdr* message, std::uint32_t key) {
  put_expression(message, "meta", [&] {
    put_number(message, NFTA_META_DREG, NFT_REG_1);
    put_number(message, NFTA_META_KEY, key);
  });
}

void put_jump_by(nlmsghdr* message, const char* map) {
  put_expression(message, "lookup", [&] {
    mnl_attr_put_strz(message, NFTA_LOOKUP_SET, map);
    put_number(message, NFTA_LOOKUP_SREG, NFT_REG_1);
    put_number(message, NFTA_LOOKUP_DREG, NFT_REG_VERDICT);
  });
}

void put_drop(nlmsghdr* message) {
  put_expression(message, "immediate", [&] {
    put_number(message, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
    nlattr* data = mnl_attr_nest_start(message, NFTA_IMMEDIATE_DATA);
    nlattr* verdict = mnl_attr_nest_start(message, NFTA_DATA_VERDICT);
    put_number(message, NFTA_VERDICT_CODE, NF_DROP);
    mnl_attr_nest_end(message, verdict);
    mnl_attr_nest_end(message, data);
  });
}

void put_count(nlmsghdr* message, const std::string& counter) {
  put_expression(message, "objref", [&] {
    put_number(message, NFTA_OBJREF_IMM_TYPE, NFT_OBJECT_COUNTER);
    mnl_attr_put_strz(message, NFTA_OBJREF_IMM_NAME, counter.c_str());
  });
}

void put_mark(nlmsghdr* message, std::uint32_t mark) {
  put_expression(message, "immediate", [&] {
    put_number(message, NFTA_IMMEDIATE_DREG, NFT_REG_1);
    nlattr* data = mnl_attr_nest_start(message, NFTA_IMMEDIATE_DATA);
    mnl_attr_put(message, NFTA_DATA_VALUE, sizeof mark, &mark);
    mnl_attr_nest_end(message, data);
  });
  put_expression(message, "meta", [&] {
    put_number(message, NFTA_META_KEY, NFT_META_MARK);
    put_number(message, NFTA_META_SREG, NFT_REG_1);
  });
}

// The type of the frame as it was sent: of one with a VLAN tag that of the tag.
void put_load_ether_type(nlmsghdr* message) {
  put_expression(message, "payload", [&] {
    put_number(message, NFTA_PAYLOAD_DREG, NFT_REG_1);
    put_number(message, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_LL_HEADER);
    put_number(message, NFTA_PAYLOAD_OFFSET, kEtherTypeOffset);
    put_number(message, NFTA_PAYLOAD_LEN, sizeof kIpv4);
  });
}

void put_queue(nlmsghdr* message, std::uint16_t queue, bool native) {
  if (native) {
    put_expression(message, "queue", [&] {
      mnl_attr_put_u16(message, NFTA_QUEUE_NUM, htons(queue));
      mnl_attr_put_u16(message, NFTA_QUEUE_TOTAL, htons(1));
    });
    return;
  }
  put_expression(message, "target", [&] {
    mnl_attr_put_strz(message, NFTA_TARGET_NAME, "NFQUEUE");
    put_number(message, NFTA_TARGET_REV, 0);
    // struct xt_NFQ_info in host byte order, as long as an xtables alignment.
    alignas(8) std::array<std::byte, 8> info{};
    std::memcpy(info.data(), &queue, sizeof queue);
    mnl_attr_put(message, NFTA_TARGET_INFO, info.size(), info.data());
  });
}

// Messages about the tables.

void make_table(NetfilterBatch& batch, int family) {
  nlmsghdr* message = batch.begin(type_of(NFT_MSG_NEWTABLE), NLM_F_CREATE | NLM_F_EXCL, family);
  mnl_attr_put_strz(message, NFTA_TABLE_NAME, kTable);
  batch.end(message);
}

void make_map(NetfilterBatch& batch, int family, const char* name, std::uint32_t id) {
  nlmsghdr* message = batch.begin(type_of(NFT_MSG_NEWSET), NLM_F_CREATE | NLM_F_EXCL, family);
  mnl_attr_put_strz(message, NFTA_SET_TABLE, kTable);
  mnl_attr_put_strz(message, NFTA_SET_NAME, name);
  put_number(message, NFTA_SET_FLAGS, NFT_SET_MAP);
  put_number(message, NFTA_SET_KEY_TYPE, 0);
  put_number(message, NFTA_SET_KEY_LEN, sizeof(std::uint32_t));
  put_number(message, NFTA_SET_DATA_TYPE, kVerdictMap);
  put_number(message, NFTA_SET_ID, id);
  batch.end(message);
}

void make_base_chain(NetfilterBatch& batch, int family, const char* name, std::uint32_t hook, std::int32_t priority,
                     std::uint32_t policy) {
  nlmsghdr* message = batch.begin(type_of(NFT_MSG_NEWCHAIN), NLM_F_CREATE | NLM_F_EXCL, family);
  mnl_attr_put_strz(message, NFTA_CHAIN_TABLE, kTable);
  mnl_attr_put_strz(message, NFTA_CHAIN_NAME, name);
  mnl_attr_put_strz(message, NFTA_CHAIN_TYPE, "filter");
  put_number(message, NFTA_CHAIN_POLICY, policy);
  nlattr* place = mnl_attr_nest_start(message, NFTA_CHAIN_HOOK);
  put_number(message, NFTA_HOOK_HOOKNUM, hook);
  put_number(message, NFTA_HOOK_PRIORITY, static_cast<std::uint32_t>(priority));
  mnl_attr_nest_end(message, place);
  batch.end(message);
}

void change_chain(NetfilterBatch& batch, nf_tables_msg_types type, int flags, int family, const std::string& name) {
  nlmsghdr* message = batch.begin(type_of(type), flags, family);
  mnl_attr_put_strz(message, NFTA_CHAIN_TABLE, kTable);
  mnl_attr_put_strz(message, NFTA_CHAIN_NAME, name.c_str());
  batch.end(message);
}

void add_rule(NetfilterBatch& batch, int family, const std::string& chain,
              const std::function<void(nlmsghdr*)>& expressions, int flags = 0) {
  nlmsghdr* message = batch.begin(type_of(NFT_MSG_NEWRULE), NLM_F_CREATE | NLM_F_APPEND | flags, family);
  mnl_attr_put_strz(message, NFTA_RULE_TABLE, kTable);
  mnl_attr_put_strz(message, NFTA_RULE_CHAIN, chain.c_str());
  nlattr* nest = mnl_attr_nest_start(message, NFTA_RULE_EXPRESSIONS);
  expressions(message);
  mnl_attr_nest_end(message, nest);
  batch.end(message);
}

void delete_rules(NetfilterBatch& batch, int family, const std::string& chain, int flags = 0) {
  nlmsghdr* message = batch.begin(type_of(NFT_MSG_DELRULE), flags, family);
  mnl_attr_put_strz(message, NFTA_RULE_TABLE, kTable);
  mnl_attr_put_strz(message, NFTA_RULE_CHAIN, chain.c_str());
  batch.end(message);
}

// Adds to a map that `key` jumps to the chain, or takes that from it.
void change_map(NetfilterBatch& batch, nf_tables_msg_types type, int flags, int family, const char* map,
                std::uint32_t key, const std::string& chain) {
  nlmsghdr* message = batch.begin(type_of(type), flags, family);
  mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, kTable);
  mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, map);
  nlattr* list = mnl_attr_nest_start(message, NFTA_SET_ELEM_LIST_ELEMENTS);
  nlattr* element = mnl_attr_nest_start(message, NFTA_LIST_ELEM);
  nlattr* key_data = mnl_attr_nest_start(message, NFTA_SET_ELEM_KEY);
  mnl_attr_put(message, NFTA_DATA_VALUE, sizeof key, &key);
  mnl_attr_nest_end(message, key_data);
  if (type == NFT_MSG_NEWSETELEM) {
    nlattr* data = mnl_attr_nest_start(message, NFTA_SET_ELEM_DATA);
    nlattr* verdict = mnl_attr_nest_start(message, NFTA_DATA_VERDICT);
    put_number(message, NFTA_VERDICT_CODE, static_cast<std::uint32_t>(NFT_JUMP));
    mnl_attr_put_strz(message, NFTA_VERDICT_CHAIN, chain.c_str());
    mnl_attr_nest_end(message, verdict);
    mnl_attr_nest_end(message, data);
  }
  mnl_attr_nest_end(message, element);
  mnl_attr_nest_end(message, list);
  batch.end(message);
}

void change_counter(NetfilterBatch& batch, nf_tables_msg_types type, int flags, int family, const std::string& name) {
  nlmsghdr* message = batch.begin(type_of(type), flags, family);
  mnl_attr_put_strz(message, NFTA_OBJ_TABLE, kTable);
  mnl_attr_put_strz(message, NFTA_OBJ_NAME, name.c_str());
  put_number(message, NFTA_OBJ_TYPE, NFT_OBJECT_COUNTER);
  if (type == NFT_MSG_NEWOBJ) mnl_attr_nest_end(message, mnl_attr_nest_start(message, NFTA_OBJ_DATA));
  batch.end(message);
}

// Of an open port.
void add_port_rules(NetfilterBatch& batch, int port, std::uint16_t queue, int flags) {
  const std::string chain = port_chain(port);
  add_rule(batch, NFPROTO_BRIDGE, chain, [](nlmsghdr* message) {
    put_load_ether_type(message);
    const std::uint16_t ipv4 = htons(kIpv4);
    put_compare(message, &ipv4, sizeof ipv4, false);
    put_drop(message);
  });
  add_rule(
      batch, NFPROTO_BRIDGE, chain,
      [&](nlmsghdr* message) {
        put_count(message, chain);
        put_mark(message, mark_of(queue));
      },
      flags);
}

// Calls `found` with each attribute of the payload.
void each_attribute(const void* begin, const void* end, const std::function<void(const nlattr*)>& found) {
  const auto* attribute = static_cast<const nlattr*>(begin);
  while (mnl_attr_ok(attribute,
                     static_cast<int>(static_cast<const char*>(end) - reinterpret_cast<const char*>(attribute)))) {
    found(attribute);
    attribute = mnl_attr_next(attribute);
  }
}

void each_nested(const nlattr* nest, const std::function<void(const nlattr*)>& found) {
  const char* payload = static_cast<const char*>(mnl_attr_get_payload(nest));
  each_attribute(payload, payload + mnl_attr_get_payload_len(nest), found);
}

}  // namespace

BridgeQueues::BridgeQueues() : socket_(std::make_unique<NetfilterSocket>(kTable)) {
  // Without it, frames would cross the bridge unseen by any rule for IPv4.
  if (::access(kBridgeNetfilter, F_OK) != 0) throw SystemError(kTable, "find bridge netfilter", errno, kRemedy);
  try {
    make_tables(true);
    native_ = true;
  } catch (const SystemError& error) {
    if (error.error_number() == EEXIST) throw;
    make_tables(false);
  }
}

// The base chains, which stay as they are, and a chain with a rule for a queue, to see that the kernel has these.
void BridgeQueues::make_tables(bool native) {
  NetfilterBatch batch("make rules for a bridge", kTable);
  batch.begin_transaction();
  make_table(batch, NFPROTO_BRIDGE);
  make_map(batch, NFPROTO_BRIDGE, kPorts, 1);
  make_base_chain(batch, NFPROTO_BRIDGE, "enter", kBridgePrerouting, kBeforeBridgeNetfilter, NF_ACCEPT);
  add_rule(batch, NFPROTO_BRIDGE, "enter", [](nlmsghdr* message) {
    put_load_meta(message, NFT_META_IIF);
    put_jump_by(message, kPorts);
  });
  make_base_chain(batch, NFPROTO_BRIDGE, "to-here", kBridgeInput, 0, NF_DROP);
  make_base_chain(batch, NFPROTO_BRIDGE, "from-here", kBridgeOutput, 0, NF_DROP);

  make_table(batch, NFPROTO_IPV4);
  make_map(batch, NFPROTO_IPV4, kQueues, 2);
  make_base_chain(batch, NFPROTO_IPV4, "cross", NF_INET_FORWARD, 0, NF_ACCEPT);
  add_rule(batch, NFPROTO_IPV4, "cross", [](nlmsghdr* message) {
    put_load_meta(message, NFT_META_MARK);
    put_jump_by(message, kQueues);
  });
  change_chain(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE, NFPROTO_IPV4, queue_chain(0));
  add_rule(
      batch, NFPROTO_IPV4, queue_chain(0), [native](nlmsghdr* message) { put_queue(message, 0, native); }, NLM_F_ACK);
  batch.end_transaction();
  socket_->execute(batch);
}

BridgeQueues::~BridgeQueues() {
  try {
    NetfilterBatch batch("remove rules of a bridge", kTable);
    batch.begin_transaction();
    for (const int family : {NFPROTO_BRIDGE, NFPROTO_IPV4}) {
      nlmsghdr* message = batch.begin(type_of(NFT_MSG_DELTABLE), family == NFPROTO_IPV4 ? NLM_F_ACK : 0, family);
      mnl_attr_put_strz(message, NFTA_TABLE_NAME, kTable);
      batch.end(message);
    }
    batch.end_transaction();
    socket_->execute(batch);
  } catch (const Error& error) {
    spdlog::warn("{}", error.line());
  }
}

std::array<std::uint16_t, 2> BridgeQueues::add(const std::array<int, 2>& ports) {
  const std::lock_guard lock(mutex_);
  std::array<std::uint16_t, 2> queues{};
  std::uint16_t next = 1;
  for (std::uint16_t& queue : queues) {
    while (numbers_.contains(next)) ++next;
    queue = next++;
  }
  NetfilterBatch batch("make rules for a bridge's port", std::to_string(ports[0]));
  batch.begin_transaction();
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const std::string queue = queue_chain(queues[i]);
    change_counter(batch, NFT_MSG_NEWOBJ, NLM_F_CREATE | NLM_F_EXCL, NFPROTO_IPV4, queue);
    change_chain(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL, NFPROTO_IPV4, queue);
    add_rule(batch, NFPROTO_IPV4, queue, [&](nlmsghdr* message) {
      put_count(message, queue);
      put_queue(message, queues[i], native_);
    });
    change_map(batch, NFT_MSG_NEWSETELEM, NLM_F_CREATE, NFPROTO_IPV4, kQueues, mark_of(queues[i]), queue);

    const std::string port = port_chain(ports[i]);
    change_counter(batch, NFT_MSG_NEWOBJ, NLM_F_CREATE | NLM_F_EXCL, NFPROTO_BRIDGE, port);
    change_chain(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL, NFPROTO_BRIDGE, port);
    add_port_rules(batch, ports[i], queues[i], 0);
    change_map(batch, NFT_MSG_NEWSETELEM, NLM_F_CREATE | (i + 1 == ports.size() ? NLM_F_ACK : 0), NFPROTO_BRIDGE,
               kPorts, static_cast<std::uint32_t>(ports[i]), port);
  }
  batch.end_transaction();
  socket_->execute(batch);
  numbers_.insert(queues.begin(), queues.end());
  return queues;
}

void BridgeQueues::close(const std::array<int, 2>& ports) {
  const std::lock_guard lock(mutex_);
  NetfilterBatch batch("close a bridge's port", std::to_string(ports[0]));
  batch.begin_transaction();
  for (const int port : ports) {
    delete_rules(batch, NFPROTO_BRIDGE, port_chain(port));
    add_rule(batch, NFPROTO_BRIDGE, port_chain(port), put_drop, port == ports.back() ? NLM_F_ACK : 0);
  }
  batch.end_transaction();
  socket_->execute(batch);
}

void BridgeQueues::open(const std::array<int, 2>& ports, const std::array<std::uint16_t, 2>& queues) {
  const std::lock_guard lock(mutex_);
  NetfilterBatch batch("open a bridge's port", std::to_string(ports[0]));
  batch.begin_transaction();
  for (std::size_t i = 0; i < ports.size(); ++i) {
    delete_rules(batch, NFPROTO_BRIDGE, port_chain(ports[i]));
    add_port_rules(batch, ports[i], queues[i], i + 1 == ports.size() ? NLM_F_ACK : 0);
  }
  batch.end_transaction();
  socket_->execute(batch);
}

void BridgeQueues::remove(const std::array<int, 2>& ports, const std::array<std::uint16_t, 2>& queues) {
  const std::lock_guard lock(mutex_);
  NetfilterBatch batch("remove rules of a bridge's port", std::to_string(ports[0]));
  batch.begin_transaction();
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const std::string port = port_chain(ports[i]);
    change_map(batch, NFT_MSG_DELSETELEM, 0, NFPROTO_BRIDGE, kPorts, static_cast<std::uint32_t>(ports[i]), port);
    delete_rules(batch, NFPROTO_BRIDGE, port);
    change_chain(batch, NFT_MSG_DELCHAIN, 0, NFPROTO_BRIDGE, port);
    change_counter(batch, NFT_MSG_DELOBJ, 0, NFPROTO_BRIDGE, port);

    const std::string queue = queue_chain(queues[i]);
    change_map(batch, NFT_MSG_DELSETELEM, 0, NFPROTO_IPV4, kQueues, mark_of(queues[i]), queue);
    delete_rules(batch, NFPROTO_IPV4, queue);
    change_chain(batch, NFT_MSG_DELCHAIN, 0, NFPROTO_IPV4, queue);
    change_counter(batch, NFT_MSG_DELOBJ, i + 1 == ports.size() ? NLM_F_ACK : 0, NFPROTO_IPV4, queue);
  }
  batch.end_transaction();
  socket_->execute(batch);
  for (const std::uint16_t queue : queues) numbers_.erase(queue);
}

BridgeQueues::Totals BridgeQueues::totals(int port, std::uint16_t queue) {
  const std::lock_guard lock(mutex_);
  NetfilterBatch batch("read the counters of a bridge's port", std::to_string(port));
  // In this order: of a frame that is on its way, the first is not to be missing from the second.
  change_counter(batch, NFT_MSG_GETOBJ, 0, NFPROTO_BRIDGE, port_chain(port));
  change_counter(batch, NFT_MSG_GETOBJ, NLM_F_ACK, NFPROTO_IPV4, queue_chain(queue));
  Totals totals;
  const int error = socket_->exchange(batch, batch.last(), [&totals](const nlmsghdr* message) {
    const auto* extra = static_cast<const nfgenmsg*>(mnl_nlmsg_get_payload(message));
    std::uint64_t& total = extra->nfgen_family == NFPROTO_BRIDGE ? totals.entered : totals.queued;
    each_attribute(extra + 1, mnl_nlmsg_get_payload_tail(message), [&total](const nlattr* attribute) {
      if (mnl_attr_get_type(attribute) != NFTA_OBJ_DATA) return;
      each_nested(attribute, [&total](const nlattr* value) {
        if (mnl_attr_get_type(value) == NFTA_COUNTER_PACKETS) total = be64toh(mnl_attr_get_u64(value));
      });
    });
  });
  if (error != 0) throw SystemError(batch.object(), batch.attempt(), error);
  return totals;
}

}  // namespace geomx::netlink
