#include "emulator/netlink/qdisc.h"

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/route/tc.h>
#include <netlink/utils.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "emulator/base/error.h"
#include "emulator/netlink/native.h"

namespace geomx::netlink {

namespace {

// Linux 6.7; not in this system's headers, nor in libnl-route 3.7, which is why netem's options are built here.
constexpr int kNetemPrngSeed = 14;
static_assert(TCA_NETEM_MAX < kNetemPrngSeed || TCA_NETEM_SLOT_DIST + 1 == kNetemPrngSeed);
static_assert(kRoot == TC_H_ROOT);

constexpr std::uint64_t kUint32Max = std::numeric_limits<std::uint32_t>::max();

std::uint32_t saturate(std::uint64_t value) {
  return static_cast<std::uint32_t>(std::min(value, kUint32Max));
}

// Traffic control counts time in ticks of the kernel's choosing (/proc/net/psched; 64 ns on every kernel of today).
double ticks_per_second() {
  return nl_us2ticks(1'000'000);
}

// The older attributes count delays in ticks and overflow after 274 s. Kernels since 4.15 take the 64-bit ones, in
// nanoseconds, instead.
std::uint32_t ticks(Nanoseconds time) {
  return saturate(
      static_cast<std::uint64_t>(std::llround(std::chrono::duration<double>(time).count() * ticks_per_second())));
}

Nanoseconds from_ticks(std::uint32_t count) {
  return Nanoseconds(std::llround(count / ticks_per_second() * 1e9));
}

std::uint32_t scaled(Probability probability) {
  return saturate(static_cast<std::uint64_t>(std::llround(probability.value * static_cast<double>(kUint32Max))));
}

Probability unscaled(std::uint32_t value) {
  return {static_cast<double>(value) / static_cast<double>(kUint32Max)};
}

std::uint64_t bytes_per_second(BitsPerSecond rate) {
  return rate.value / 8;
}

void put_options(Message& message, const Tbf& tbf) {
  const std::uint64_t rate = bytes_per_second(tbf.rate);
  tc_tbf_qopt options{};
  options.rate.rate = saturate(rate);
  options.rate.linklayer = TC_LINKLAYER_ETHERNET;  // otherwise the kernel wants a table of transmission times
  options.limit = tbf.limit;
  options.buffer = saturate(static_cast<std::uint64_t>(
      std::llround(static_cast<double>(tbf.burst.value) / static_cast<double>(std::max<std::uint64_t>(rate, 1)) *
                   ticks_per_second())));
  const Message::Nest nest(message, TCA_OPTIONS);
  message.put(TCA_TBF_PARMS, &options, sizeof(options));
  message.put_u32(TCA_TBF_BURST, saturate(tbf.burst.value));
  if (rate > kUint32Max) message.put_u64(TCA_TBF_RATE64, rate);
}

void put_options(Message& message, const Netem& netem) {
  tc_netem_qopt options{};
  options.latency = ticks(netem.delay);
  options.jitter = ticks(netem.jitter);
  options.limit = netem.limit;
  options.loss = scaled(netem.loss);
  options.duplicate = scaled(netem.duplicate);
  options.gap = netem.reorder.value > 0 ? 1 : 0;  // each packet may be reordered, not only every n-th
  const Message::Nest nest(message, TCA_OPTIONS);
  message.put_header(&options, sizeof(options));
  message.put_i64(TCA_NETEM_LATENCY64, netem.delay.count());
  message.put_i64(TCA_NETEM_JITTER64, netem.jitter.count());
  // Always sent: a change that leaves them out would leave the old ones in force.
  const tc_netem_corr correlations{};
  message.put(TCA_NETEM_CORR, &correlations, sizeof(correlations));
  const tc_netem_reorder reorder{scaled(netem.reorder), 0};
  message.put(TCA_NETEM_REORDER, &reorder, sizeof(reorder));
  const tc_netem_corrupt corrupt{scaled(netem.corrupt), 0};
  message.put(TCA_NETEM_CORRUPT, &corrupt, sizeof(corrupt));
  const std::uint64_t rate = netem.rate ? bytes_per_second(*netem.rate) : 0;
  tc_netem_rate rate_options{};
  rate_options.rate = saturate(rate);
  message.put(TCA_NETEM_RATE, &rate_options, sizeof(rate_options));
  if (rate > kUint32Max) message.put_u64(TCA_NETEM_RATE64, rate);
  if (netem.seed) message.put_u64(kNetemPrngSeed, *netem.seed);
  if (netem.bursts) {
    tc_netem_gemodel model{};
    model.p = scaled(netem.bursts->p);
    model.r = scaled(netem.bursts->r);
    model.h = scaled({1 - netem.bursts->loss_bad.value});  // the kernel wants what survives
    model.k1 = scaled(netem.bursts->loss_good);
    const Message::Nest loss(message, TCA_NETEM_LOSS);
    message.put(NETEM_LOSS_GE, &model, sizeof(model));
  }
  if (!netem.distribution.empty()) {
    message.put(TCA_NETEM_DELAY_DIST, netem.distribution.data(), netem.distribution.size() * sizeof(std::int16_t));
  }
}

// Room for the settings beside the name: a distribution is longer than all else.
template <typename Settings>
std::size_t room_for(const Settings& settings) {
  if constexpr (std::is_same_v<Settings, Netem>) {
    return Message::kCapacity + settings.distribution.size() * sizeof(std::int16_t);
  } else {
    return Message::kCapacity;
  }
}

void put_place(Message& message, const QdiscPlace& place) {
  tcmsg header{};
  header.tcm_family = AF_UNSPEC;
  header.tcm_ifindex = place.link_index;
  header.tcm_parent = place.parent;
  header.tcm_handle = place.handle;
  message.put_header(&header, sizeof(header));
}

Message build(int flags, const std::string& verb, const QdiscPlace& place, const QdiscKind& kind,
              const std::string& object) {
  const char* name = std::holds_alternative<Tbf>(kind) ? "tbf" : "netem";
  const std::size_t room = std::visit([](const auto& settings) { return room_for(settings); }, kind);
  Message message(RTM_NEWQDISC, flags, verb + " qdisc " + name, object, room);
  put_place(message, place);
  message.put_string(TCA_KIND, name);
  std::visit([&](const auto& settings) { put_options(message, settings); }, kind);
  return message;
}

template <typename T>
T read(const nlattr* attribute) {
  T value{};
  std::memcpy(&value, nla_data(attribute), std::min(sizeof(T), static_cast<std::size_t>(nla_len(attribute))));
  return value;
}

Tbf parse_tbf(nlattr* options) {
  nlattr* attributes[TCA_TBF_MAX + 1];
  if (nla_parse_nested(attributes, TCA_TBF_MAX, options, nullptr) < 0 || attributes[TCA_TBF_PARMS] == nullptr) {
    throw SystemError({}, "read settings of qdisc tbf", EBADMSG);
  }
  const auto parameters = read<tc_tbf_qopt>(attributes[TCA_TBF_PARMS]);
  std::uint64_t rate = parameters.rate.rate;
  if (attributes[TCA_TBF_RATE64] != nullptr) rate = std::max(rate, nla_get_u64(attributes[TCA_TBF_RATE64]));
  const double burst = attributes[TCA_TBF_BURST] != nullptr
                           ? nla_get_u32(attributes[TCA_TBF_BURST])
                           : parameters.buffer / ticks_per_second() * static_cast<double>(rate);
  return {.rate = {rate * 8}, .burst = {static_cast<std::uint64_t>(std::llround(burst))}, .limit = parameters.limit};
}

std::optional<Netem::Bursts> parse_bursts(nlattr* loss) {
  nlattr* models[NETEM_LOSS_MAX + 1];
  if (nla_parse_nested(models, NETEM_LOSS_MAX, loss, nullptr) < 0 || models[NETEM_LOSS_GE] == nullptr) return {};
  const auto model = read<tc_netem_gemodel>(models[NETEM_LOSS_GE]);
  return Netem::Bursts{unscaled(model.p), unscaled(model.r), unscaled(model.k1), {1 - unscaled(model.h).value}};
}

Netem parse_netem(nlattr* options) {
  const auto fixed = read<tc_netem_qopt>(options);
  nlattr* attributes[kNetemPrngSeed + 1];
  const int skip = NLA_ALIGN(sizeof(tc_netem_qopt));
  if (nla_len(options) < skip ||
      nla_parse(attributes, kNetemPrngSeed, reinterpret_cast<nlattr*>(static_cast<char*>(nla_data(options)) + skip),
                nla_len(options) - skip, nullptr) < 0) {
    throw SystemError({}, "read settings of qdisc netem", EBADMSG);
  }
  Netem netem;
  netem.limit = fixed.limit;
  netem.loss = unscaled(fixed.loss);
  netem.duplicate = unscaled(fixed.duplicate);
  if (attributes[TCA_NETEM_REORDER] != nullptr && fixed.gap > 0) {
    netem.reorder = unscaled(read<tc_netem_reorder>(attributes[TCA_NETEM_REORDER]).probability);
  }
  if (attributes[TCA_NETEM_CORRUPT] != nullptr) {
    netem.corrupt = unscaled(read<tc_netem_corrupt>(attributes[TCA_NETEM_CORRUPT]).probability);
  }
  if (attributes[TCA_NETEM_LOSS] != nullptr) netem.bursts = parse_bursts(attributes[TCA_NETEM_LOSS]);
  netem.delay = attributes[TCA_NETEM_LATENCY64] != nullptr
                    ? Nanoseconds(read<std::int64_t>(attributes[TCA_NETEM_LATENCY64]))
                    : from_ticks(fixed.latency);
  netem.jitter = attributes[TCA_NETEM_JITTER64] != nullptr
                     ? Nanoseconds(read<std::int64_t>(attributes[TCA_NETEM_JITTER64]))
                     : from_ticks(fixed.jitter);
  std::uint64_t rate = 0;
  if (attributes[TCA_NETEM_RATE] != nullptr) rate = read<tc_netem_rate>(attributes[TCA_NETEM_RATE]).rate;
  if (attributes[TCA_NETEM_RATE64] != nullptr) rate = std::max(rate, nla_get_u64(attributes[TCA_NETEM_RATE64]));
  if (rate != 0) netem.rate = BitsPerSecond{rate * 8};
  if (attributes[kNetemPrngSeed] != nullptr) netem.seed = nla_get_u64(attributes[kNetemPrngSeed]);
  return netem;
}

}  // namespace

Message add_qdisc(const QdiscPlace& place, const QdiscKind& kind, const std::string& object) {
  return build(NLM_F_CREATE | NLM_F_EXCL, "add", place, kind, object);
}

Message change_qdisc(const QdiscPlace& place, const QdiscKind& kind, const std::string& object) {
  return build(0, "change", place, kind, object);
}

Message delete_qdisc(const QdiscPlace& place, const std::string& object) {
  Message message(RTM_DELQDISC, 0, "delete qdisc", object);
  put_place(message, place);
  return message;
}

Qdisc parse_qdisc(std::span<const std::byte> bytes) {
  auto* message = native_header(bytes);
  nlattr* attributes[TCA_MAX + 1];
  if (nlmsg_parse(message, sizeof(tcmsg), attributes, TCA_MAX, nullptr) < 0 || attributes[TCA_KIND] == nullptr) {
    throw SystemError({}, "read the kernel's list of qdiscs", EBADMSG);
  }
  const auto* header = static_cast<tcmsg*>(nlmsg_data(message));
  Qdisc qdisc;
  qdisc.place = {header->tcm_ifindex, header->tcm_parent, header->tcm_handle};
  qdisc.kind = nla_get_string(attributes[TCA_KIND]);
  if (nlattr* options = attributes[TCA_OPTIONS]; options != nullptr) {
    if (qdisc.kind == "tbf") qdisc.settings = parse_tbf(options);
    if (qdisc.kind == "netem") qdisc.settings = parse_netem(options);
  }
  return qdisc;
}

std::vector<Qdisc> list_qdiscs(Socket& socket, int link_index) {
  Message request(RTM_GETQDISC, 0, "list qdiscs", {});
  put_place(request, {.link_index = 0, .parent = 0, .handle = 0});
  std::vector<Qdisc> qdiscs;
  socket.dump(
      request,
      [&](std::span<const std::byte> message) {
        Qdisc qdisc = parse_qdisc(message);
        if (link_index == 0 || qdisc.place.link_index == link_index) qdiscs.push_back(std::move(qdisc));
      },
      [&] { qdiscs.clear(); });
  return qdiscs;
}

}  // namespace geomx::netlink
