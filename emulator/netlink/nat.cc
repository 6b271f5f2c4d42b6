#include "emulator/netlink/nat.h"

#include <arpa/inet.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "emulator/base/error.h"
#include "emulator/netlink/netfilter.h"

namespace geomx::netlink {
namespace {

constexpr const char* attempt = "make NAT rules";
constexpr const char* chain = "postrouting";
constexpr std::uint32_t source_nat_priority = 100;  // where nft's "srcnat" is
constexpr std::uint32_t source_offset = 12;         // of the sender's address in an IPv4 header

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
    put_compare(message, &address, sizeof(address));
  }
  if (!rule.out_interface.empty()) {
    put_expression(message, "meta", [&] {
      put_number(message, NFTA_META_DREG, NFT_REG_1);
      put_number(message, NFTA_META_KEY, NFT_META_OIFNAME);
    });
    std::array<char, IFNAMSIZ> name{};
    std::copy_n(rule.out_interface.begin(), std::min(rule.out_interface.size(), name.size() - 1), name.begin());
    put_compare(message, name.data(), name.size());
  }
  put_expression(message, "masq");
  mnl_attr_nest_end(message, expressions);
}

}  // namespace

void add_masquerade(const std::string& table, const std::vector<Masquerade>& rules) {
  NetfilterBatch batch(attempt, table);
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
  const int error = NetfilterSocket(table).exchange(batch, last);
  if (error != 0) {
    throw SystemError(table, attempt, error,
                      error == EOPNOTSUPP || error == ENOENT || error == EINVAL
                          ? "the kernel needs nf_tables, nf_nat and nft_masq"
                          : "");
  }
}

bool remove_table(const std::string& table) {
  NetfilterBatch batch("remove NAT rules", table);
  batch.begin_transaction();
  nlmsghdr* message = batch.begin(type_of(NFT_MSG_DELTABLE), NLM_F_ACK);
  mnl_attr_put_strz(message, NFTA_TABLE_NAME, table.c_str());
  batch.end(message);
  const std::uint32_t last = batch.last();
  batch.end_transaction();
  const int error = NetfilterSocket(table).exchange(batch, last);
  if (error != 0 && error != ENOENT) throw SystemError(table, "remove NAT rules", error);
  return error == 0;
}

std::vector<std::string> list_tables() {
  NetfilterBatch batch("list tables", "nftables");
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
  const int error = NetfilterSocket(batch.object()).exchange(batch, batch.last(), each);
  if (error != 0) throw SystemError("nftables", "list tables", error);
  return names;
}

}  // namespace geomx::netlink
