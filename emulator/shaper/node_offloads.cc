#include "emulator/shaper/node_offloads.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <vector>

#include "emulator/base/error.h"
#include "emulator/base/fd.h"

namespace geomx::shaper {
namespace {

// As `ethtool -k` calls them.
constexpr std::array<std::string_view, 14> kFeatures{
    "tx-udp-segmentation",    "tx-udp_tnl-segmentation",  "tx-udp_tnl-csum-segmentation",
    "tx-gre-segmentation",    "tx-gre-csum-segmentation", "tx-ipxip4-segmentation",
    "tx-ipxip6-segmentation", "tx-gso-partial",           "tx-gso-list",
    "tx-sctp-segmentation",   "tx-checksum-sctp",         "tx-esp-segmentation",
    "tx-vlan-hw-insert",      "tx-vlan-stag-hw-insert"};

class Ethtool {
 public:
  explicit Ethtool(const std::string& interface)
      : interface_(interface), fd_(check(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "open socket", interface)) {}

  void command(void* data, const char* attempt) const {
    ifreq request{};
    interface_.copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_data = static_cast<char*>(data);
    check(::ioctl(fd_.get(), SIOCETHTOOL, &request), attempt, interface_);
  }

 private:
  std::string interface_;
  FileDescriptor fd_;
};

// ethtool's commands are structs that end in an array of a length of their own; words are aligned for all of them.
std::vector<std::uint32_t> buffer(std::size_t bytes) {
  return std::vector<std::uint32_t>((bytes + 3) / 4);
}

std::vector<std::string> feature_names(const Ethtool& ethtool) {
  auto info = buffer(sizeof(ethtool_sset_info) + sizeof(std::uint32_t));
  auto* sset = reinterpret_cast<ethtool_sset_info*>(info.data());
  sset->cmd = ETHTOOL_GSSET_INFO;
  sset->sset_mask = 1ULL << ETH_SS_FEATURES;
  ethtool.command(sset, "count offloads");
  const std::uint32_t count = sset->data[0];
  auto strings = buffer(sizeof(ethtool_gstrings) + std::size_t{count} * ETH_GSTRING_LEN);
  auto* names = reinterpret_cast<ethtool_gstrings*>(strings.data());
  names->cmd = ETHTOOL_GSTRINGS;
  names->string_set = ETH_SS_FEATURES;
  names->len = count;
  ethtool.command(names, "read the names of offloads");
  std::vector<std::string> result;
  for (std::uint32_t i = 0; i < count; ++i) {
    const char* name = reinterpret_cast<const char*>(names->data) + std::size_t{i} * ETH_GSTRING_LEN;
    result.emplace_back(name, ::strnlen(name, ETH_GSTRING_LEN));
  }
  return result;
}

}  // namespace

void restrict_offloads(const std::string& interface) {
  const Ethtool ethtool(interface);
  const std::vector<std::string> names = feature_names(ethtool);
  const std::size_t blocks = (names.size() + 31) / 32;
  auto memory = buffer(sizeof(ethtool_sfeatures) + blocks * sizeof(ethtool_set_features_block));
  auto* features = reinterpret_cast<ethtool_sfeatures*>(memory.data());
  features->cmd = ETHTOOL_SFEATURES;
  features->size = static_cast<std::uint32_t>(blocks);
  for (std::size_t i = 0; i < names.size(); ++i) {
    // A feature that is valid to set and not requested is switched off.
    if (std::find(kFeatures.begin(), kFeatures.end(), names[i]) != kFeatures.end()) {
      features->features[i / 32].valid |= 1u << (i % 32);
    }
  }
  ethtool.command(features, "switch off offloads");
}

}  // namespace geomx::shaper
