// The part of the table of keys that says who sends when, and by which road: P3, DGT, TSEngine.
#include "emulator/scenario/formats.h"
#include "emulator/scenario/table.h"

namespace geomx::scenario {
namespace {

using namespace std::chrono_literals;

// As the parameter server takes them: 256 floats, which weigh more than their header, and 16 of a block.
constexpr Bytes kLeastSlice{1024};
constexpr Bytes kLeastBlock{64};
constexpr Bytes kMostSlice{64 << 20};
constexpr Bytes kMostBlock{16 << 20};

Format<Dgt> dgt() {
  using D = Dgt;
  return switchable<D>(
      {"DGT",
       {
           optional("mode",
                    "the blocks that matter less: 1 as datagrams, 2 by TCP behind all else, 3 with 4 bits a value",
                    &D::mode, integer(1, 3)),
           optional("channels", "mode 1: of datagrams, with DSCP marks in falling order (1)", &D::channels,
                    integer(1, 8)),
           optional("k", "share of the blocks that is sent reliably and whole (0.8)", &D::k, number_between(0, 1)),
           optional("adaptive_k", "the share falls with the loss", &D::adaptive_k, flag()),
           optional("k_min", "with adaptive_k: how far (0.2)", &D::k_min, number_between(0, 1)),
           optional("alpha", "the weight of the past in what a block contributes (0.3)", &D::alpha,
                    number_between(0, 1)),
           optional("block_size", "of a block, whole floats of 4 bytes (4KiB)", &D::block_size,
                    size(kLeastBlock, kMostBlock)),
           optional("wait", "mode 1: a sender's silence after which what is missing is taken for lost (200ms)",
                    &D::wait, duration(60s)),
           optional("drop", "mode 1: share of the datagrams that is thrown away, to try it out (0%)", &D::drop,
                    probability()),
           optional("info", "the party servers' logs say what went by which way", &D::info, flag()),
       }},
      {});
}

Format<TsEngine> tsengine() {
  using T = TsEngine;
  return switchable<T>(
      {"TSEngine",
       {
           optional("within_parties", "workers of a party add up each other's gradients on the way to their server",
                    &T::within_parties, flag()),
           optional("between_parties", "party servers do, on the way to the global servers", &T::between_parties,
                    flag()),
           optional("greed", "how often the fastest link that is known is taken, 0 to 1 (0.9); otherwise any",
                    &T::greed, number_between(0, 1)),
       }},
      {.within_parties = true, .between_parties = true, .greed = {}});
}

}  // namespace

Format<Flow> flow() {
  using F = Flow;
  return object(Object<F>{
      "flow",
      {
          optional("p3", "priority propagation: the layers next to the input travel first", &F::p3, boolean()),
          optional("p3_slice", "with p3: of a slice at most, whole floats of 4 bytes (64KiB)", &F::p3_slice,
                   size(kLeastSlice, kMostSlice)),
          optional("dgt",
                   "differential gradient transmission between parties: what matters most goes reliably; true, or how",
                   &F::dgt, dgt()),
          optional("tsengine", "gradients are added up along the faster links; true, which is both ways, or where",
                   &F::tsengine, tsengine()),
      }});
}

}  // namespace geomx::scenario
