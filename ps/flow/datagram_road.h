#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "ps/flow/blocks.h"
#include "ps/flow/datagram.h"
#include "ps/flow/pacer.h"
#include "ps/flow/udp.h"
#include "ps/transport/transport.h"

namespace geomx::ps {

// DGT's channels of datagrams, outgoing: one socket per channel, each with its own code point, and a thread that sends
// at the pace of each receiver (pacer.h), the first channel first. Whatever does not get through is lost.
//
// Threading: any thread; stop(), or the destructor, drops what waits and joins the thread. Errors: Error where sockets
// cannot be opened.
class DatagramRoad {
 public:
  DatagramRoad(NodeId self, int channels, std::optional<Seal> seal);
  ~DatagramRoad();
  DatagramRoad(const DatagramRoad&) = delete;
  DatagramRoad& operator=(const DatagramRoad&) = delete;

  // Where a peer takes datagrams, by channel: before that, nothing can be sent to it.
  void open(NodeId to, std::vector<Endpoint> channels);
  bool is_open(NodeId to) const;

  struct Piece {
    int channel = 1;  // from 1
    std::uint32_t number = 0;
    Run run;  // of the frame's floats
  };
  // Queues pieces of `frame`, and a mark behind the last in each channel, twice. What still waits of the same chunk is
  // dropped: its round is over. Returns the sequence number of the last piece in each channel; 0: none.
  std::vector<std::uint64_t> send(NodeId to, std::uint32_t key, std::uint64_t offset, std::uint64_t turn,
                                  const Buffer& frame, const std::vector<Piece>& pieces);
  void report(NodeId from, const Pacer::Report& report);
  void forget(NodeId peer);
  void stop();

 private:
  struct Item {
    Datagram head;
    Buffer frame;
    Run run;
  };
  struct Peer {
    std::vector<Endpoint> channels;
    std::uint64_t stream = 0;
    Pacer pacer;
    std::vector<std::deque<Item>> queues;  // by channel, from 0
    std::vector<std::uint64_t> sequences;  // last used
  };
  void run();
  // The next item that may leave now, and where to; else the moment in which one may.
  struct Next {
    std::optional<Item> item;
    Endpoint to;
    Pacer::Clock::time_point at = Pacer::Clock::time_point::max();
  };
  Next take(Pacer::Clock::time_point now);  // with the mutex held
  void transmit(const Item& item, const Endpoint& to);

  const NodeId self_;
  const std::optional<Seal> seal_;
  std::vector<Udp> sockets_;  // by channel; of the thread
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<NodeId, Peer> peers_;  // guarded by mutex_
  bool stopping_ = false;         // guarded by mutex_
  std::thread thread_;
};

}  // namespace geomx::ps
