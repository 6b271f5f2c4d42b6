#pragma once

#include <utility>

#include "ps/server/kv_server.h"
#include "ps/server/upstream.h"

namespace geomx::ps {

// A global server, seen from its central party's server in the same process.
class LocalUpstream : public Upstream {
 public:
  explicit LocalUpstream(KvServer& server) : server_(server) {}  // which outlives this

  void configure(const proto::OptimizerConfig& optimizer) override { server_.configure(optimizer); }
  void init(const Chunk& chunk, const Buffer& value, std::uint64_t round) override {
    server_.init(chunk, value, round);
  }
  void pull(const Chunk& chunk, const Answered& answered) override { server_.pull(chunk, answered); }
  void push_pull(const Chunk& chunk, std::uint64_t round, HeadCount workers, Encoded sum,
                 const Answered& answered) override {
    server_.push_pull(chunk, round, workers, std::move(sum), answered);
  }
  void tell_whom_it_waits_for(const Chunk& chunk, const Told& told) override {
    server_.tell_whom_it_waits_for(chunk, told);
  }
  void on_failure(std::function<void(const std::string& why)> handler) override {
    server_.on_failure(std::move(handler));
  }

 private:
  KvServer& server_;
};

}  // namespace geomx::ps
