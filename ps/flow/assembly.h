#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "ps/flow/blocks.h"
#include "ps/flow/datagram.h"
#include "ps/flow/pacer.h"
#include "ps/transport/message.h"

namespace geomx::ps {

// Puts the pushes of DGT together again at the receiver. The part that came by the reliable channel opens a push; then
// its datagrams are awaited: until all are there, or it is certain that the rest has been lost (in each channel one
// that was sent later has come), or the sender has been silent for a while. A piece that is missing then is zero, and
// one that comes later is dropped. Deferred blocks, which cannot be lost, are not awaited: they are added to the next
// push of the same chunk from the same sender.
//
// Pure: no sockets, and the caller has the clock. One thread at a time. A datagram that is malformed (a piece where
// none can be, a wrong length, a number that is not finite) is counted and changes nothing; a message that is throws
// Error.
class Assembly {
 public:
  using Clock = std::chrono::steady_clock;

  // `silence`: of a sender, after which what is missing is taken for lost; 0: nothing is awaited.
  Assembly(Clock::duration silence, int channels) : silence_(silence), channels_(static_cast<std::size_t>(channels)) {}

  // A push that is done: the message as if DGT had never been, one dense frame.
  struct Ready {
    NodeId from;
    Message message;
  };
  struct Counters {
    std::uint64_t pieces = 0;     // that arrived in time
    std::uint64_t missing = 0;    // zero in their round
    std::uint64_t late = 0;       // came after that: of those, or of deferred blocks
    std::uint64_t malformed = 0;  // or twice, or of a push that nobody announced
  };

  // What has come; the pushes that are done by it.
  std::vector<Ready> reliable(NodeId from, const Message& message, Clock::time_point now);
  void deferred(NodeId from, const Message& message);
  std::vector<Ready> datagram(const Datagram& datagram, Clock::time_point now);
  // Of a sender that is lost, or whose place another one has: it counts its turns from anew.
  void forget(NodeId sender);
  // Those whose sender has been silent for too long.
  std::vector<Ready> expire(Clock::time_point now);
  // When to call expire() next; max(): nothing waits.
  Clock::time_point deadline() const;

  // What is to be told to the sender about its datagrams; nullopt: too little to tell.
  std::optional<Pacer::Report> report_for(NodeId sender);
  const Counters& counters() const { return counters_; }
  void count_malformed() { ++counters_.malformed; }

 private:
  struct Place {  // a sender's chunk
    std::uint32_t sender = 0;
    std::uint32_t key = 0;
    std::uint64_t offset = 0;
    auto operator<=>(const Place&) const = default;  // NOLINT(modernize-use-nullptr): no pointer is near
  };
  struct Pending {
    Message message{};
    std::shared_ptr<float[]> values{};
    Blocks blocks{0, 1};
    std::uint64_t turn = 0;
    std::vector<bool> missing{};  // by piece
    std::size_t missing_count = 0;
    std::size_t announced = 0;          // pieces by datagrams
    std::vector<std::uint64_t> last{};  // by channel, from 0: sequence of its last piece; 0: none
    Clock::time_point opened{};
  };
  struct State {
    std::uint64_t done = 0;  // the last turn that was handed over
    std::optional<Pending> pending{};
    std::vector<Datagram> early{};  // before the reliable part
    std::vector<float> carry{};     // of deferred blocks
  };
  struct Sender {
    std::vector<std::uint64_t> highest{};  // by channel: sequence seen
    Pacer::Report tally{};
    Clock::time_point last_arrival{};
    std::size_t early = 0;  // datagrams kept
  };

  Sender& sender(std::uint32_t id);
  void read_blocks(const Message& message, Pending& pending);
  void add_carry(State& state, Pending& pending);
  void place_early(const Place& place, State& state, Pending& pending);
  bool place_piece(Pending& pending, const Datagram& datagram);
  bool settled(const Pending& pending, const Sender& sender) const;
  Clock::time_point deadline_of(const Place& place, const Pending& pending) const;
  Ready finish(const Place& place, State& state);
  void take_settled(std::uint32_t sender, std::vector<Ready>& ready);
  void tally_arrival(Sender& sender, std::size_t bytes, Clock::time_point now);

  Clock::duration silence_;
  std::size_t channels_;
  std::map<Place, State> states_;
  std::set<Place> waiting_;  // those with a pending push
  std::map<std::uint32_t, Sender> senders_;
  Counters counters_;
};

}  // namespace geomx::ps
