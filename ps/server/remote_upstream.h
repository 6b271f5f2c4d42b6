#pragma once

#include <utility>

#include "ps/config/error.h"
#include "ps/server/upstream.h"

namespace geomx::ps {

// The global servers, seen from a party server: as one of their workers.
class RemoteUpstream : public Upstream {
 public:
  explicit RemoteUpstream(KvWorker& worker) : worker_(worker) {}  // which outlives this

  void configure(const proto::OptimizerConfig&) override {
    throw Error("only the master worker, in the central party, sets the optimizer");
  }
  void init(const Chunk&, const Buffer&, std::uint64_t) override {
    throw Error("only the master worker, in the central party, gives initial values");
  }
  void pull(const Chunk& chunk, const Answered& answered) override { worker_.pull_chunk(chunk, answered); }
  void push_pull(const Chunk& chunk, std::uint64_t round, HeadCount workers, Encoded sum,
                 const Answered& answered) override {
    // What was pushed to them is kept here (KvWorker), and not by the party's workers.
    worker_.push_pull_chunk(chunk, round, workers, std::move(sum), [answered](KvWorker::Answer answer) {
      answer.durable = kDurable;
      answered(std::move(answer));
    });
  }
  void tell_whom_it_waits_for(const Chunk& chunk, const Told& told) override {
    worker_.tell_whom_it_waits_for(chunk, told);
  }
  void on_failure(std::function<void(const std::string& why)> handler) override {
    worker_.on_failure(std::move(handler));
  }

 private:
  KvWorker& worker_;
};

}  // namespace geomx::ps
