#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
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
// at the pace of each receiver, the first channel first. Whatever does not get through is lost.
//
// Threading: any thread; the destructor drops what waits and joins the thread. Errors: Error where sockets cannot be
// opened.
class DatagramRoad {
 public:
  DatagramRoad(NodeId self, int channels);
  ~DatagramRoad();
  DatagramRoad(const DatagramRoad&) = delete;
  DatagramRoad& operator=(const DatagramRoad&) = delete;

  struct Destination {
    std::vector<Endpoint> channels;
    std::optional<SealKey> key;
  };
  // Where a peer takes datagrams: before that, nothing can be sent to it.
  void open(NodeId to, Destination destination);
  bool is_open(NodeId to) const;

  struct Piece {
    int channel = 1;  // from 1
    std::uint32_t number = 0;
    Run run;  // of the frame's floats
  };
  // Queues pieces of `frame`, and a mark behind the last in each channel. What still waits of the same chunk is dropped:
  // its round is over. Returns the sequence number of the last piece in each channel; 0: none.
  std::vector<std::uint64_t> send(NodeId to, std::uint32_t key, std::uint64_t offset, std::uint64_t turn,
                                  const Buffer& frame, const std::vector<Piece>& pieces);
  void report(NodeId from, const Pacer::Report& report);
  void forget(NodeId peer);

 private:
  struct Item {
    Datagram head;
    Buffer frame;
    Run run;
  };
  struct Peer {
    std::shared_ptr<const Destination> destination;
    Pacer pacer;
    std::vector<std::deque<Item>> queues;   // by channel, from 0
    std::vector<std::uint64_t> sequences;  // last used
  };
  void run();
  void transmit(const Destination& destination, const Item& item);

  const NodeId self_;
  std::vector<Udp> sockets_;  // by channel; of the thread
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<NodeId, Peer> peers_;  // guarded by mutex_
  bool stopping_ = false;         // guarded by mutex_
  std::thread thread_;
};

}  // namespace geomx::ps
