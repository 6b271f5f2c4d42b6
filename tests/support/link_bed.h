#pragma once

#include <array>
#include <memory>
#include <string>

#include "emulator/sandbox/namespace.h"
#include "emulator/shaper/shaper.h"
#include "emulator/shaper/tc_meter.h"
#include "emulator/shaper/tc_reading.h"
#include "emulator/shaper/wire_loop.h"

namespace geomx::test {

// Two nodes, "a" and "b", in network namespaces of their own, joined by one link: shaped by tc, by the wire, or by
// nothing (plain veth). Each has eth0 with the address below and a permanent neighbour entry for the other.
// Forward is a -> b.
class LinkBed {
 public:
  static constexpr const char* kAddressA = "10.9.0.1";
  static constexpr const char* kAddressB = "10.9.0.2";

  LinkBed(shaper::Kind kind, const shaper::Direction& forward, const shaper::Direction& backward,
          shaper::WireLoopOptions options = {})
      : LinkBed(kind, forward, backward,
                kind == shaper::Kind::wire ? std::make_shared<shaper::WireLoop>(options) : nullptr) {}
  // Of a wire, by the loop of others.
  LinkBed(shaper::Kind kind, const shaper::Direction& forward, const shaper::Direction& backward,
          std::shared_ptr<shaper::WireLoop> loop);

  int a() const { return a_.fd(); }
  int b() const { return b_.fd(); }
  shaper::Shaper& shaper() { return *shaper_; }  // none where the kind is none
  // What has been counted in either node.
  std::array<shaper::TcReading, 2> readings() const;
  std::string scheduling() const { return loop_ ? loop_->scheduling() : ""; }

 private:
  void join_by_one_pair();
  void join_by_two_pairs();
  void give_addresses();

  sandbox::Namespace a_;
  sandbox::Namespace b_;
  std::array<std::string, 2> wire_ends_;
  std::shared_ptr<shaper::WireLoop> loop_;
  std::unique_ptr<shaper::TcMeter> meter_;
  std::unique_ptr<shaper::Shaper> shaper_;
};

}  // namespace geomx::test
