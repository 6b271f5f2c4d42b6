#include "ps/config/flow_config.h"

namespace geomx::ps {
namespace {

FlowConfig::Priority read_priority(const Variables& variables) {
  constexpr long kShortestSlice = 256;  // elements: below it, headers would weigh as much as gradients
  constexpr long kLongestSlice = 1L << 24;
  FlowConfig::Priority p3;
  p3.enabled = variables.flag("ENABLE_P3");
  p3.slice = static_cast<std::uint64_t>(
      variables.integer("GEOMX_P3_SLICE", kShortestSlice, kLongestSlice, static_cast<long>(p3.slice)));
  return p3;
}

FlowConfig::Dgt read_dgt(const Variables& variables) {
  constexpr long kShortestBlock = 64;  // bytes
  constexpr long kLongestBlock = 1L << 24;
  using Mode = FlowConfig::Dgt::Mode;
  FlowConfig::Dgt dgt;
  dgt.mode = static_cast<Mode>(variables.integer("ENABLE_DGT", 0, 3, 0));
  dgt.channels = static_cast<int>(variables.integer("DMLC_UDP_CHANNEL_NUM", 1, 8, dgt.channels));
  dgt.k = variables.number("DMLC_K", 0, 1, dgt.k, "a number");
  dgt.k_min = variables.number("DMLC_K_MIN", 0, 1, dgt.k_min, "a number");
  dgt.adapts = variables.flag("ADAPTIVE_K_FLAG");
  dgt.alpha = variables.number("DGT_CONTRIBUTION_ALPHA", 0, 1, dgt.alpha, "a number");
  const long bytes = variables.integer("DGT_BLOCK_SIZE", kShortestBlock, kLongestBlock,
                                       static_cast<long>(dgt.block * sizeof(float)));
  dgt.block = static_cast<std::size_t>(bytes) / sizeof(float);
  dgt.info = variables.flag("DGT_INFO");
  // Deferred blocks cannot be lost: no round need wait for them.
  dgt.wait = variables.number("GEOMX_DGT_WAIT", 0, 60, dgt.mode == Mode::deferred ? 0 : dgt.wait);
  return dgt;
}

}  // namespace

FlowConfig read_flow(const Variables& variables) {
  return {.p3 = read_priority(variables), .dgt = read_dgt(variables)};
}

}  // namespace geomx::ps
