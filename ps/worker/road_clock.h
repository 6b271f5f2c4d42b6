#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>

#include "ps/proto/ps.pb.h"
#include "ps/transport/message.h"

namespace geomx::ps {

// What the exchanges of a round were waiting for, on this node's clock.
struct RoadTimes {
  using TimePoint = std::chrono::steady_clock::time_point;
  TimePoint pushed;    // the last push was at its server
  TimePoint answered;  // the last answer left
  TimePoint received;  // the last answer was here
};

// Splits exchanges into the road there, the server's time and the road back. An answer says when, by the server's
// clock, the push came, and for how long it was held. How far that clock is from this node's is known from the exchange
// whose two roads together were the shortest, as in NTP (RFC 5905, section 10): both are taken for equally long then,
// which is wrong by half of what they really differ by. Clocks may drift, so that what is known ages.
//
// Not synchronised.
class RoadClock {
 public:
  using TimePoint = RoadTimes::TimePoint;

  void note(NodeId server, TimePoint sent, TimePoint received, const proto::Data& answer);
  // Of what was noted since the last call; nothing where that was nothing.
  std::optional<RoadTimes> take();

 private:
  struct Known {
    double offset = 0;  // seconds that the server's clock is ahead
    double road = 0;    // there and back, when that was learnt
    TimePoint since;
  };
  std::map<NodeId, Known> servers_;
  std::optional<RoadTimes> times_;
};

// The server's side: what an answer says of its question, which came then and is answered now.
void stamp(proto::Data& answer, RoadTimes::TimePoint arrived);

}  // namespace geomx::ps
