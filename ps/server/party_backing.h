#pragma once

#include <cstdint>
#include <memory>

#include "ps/config/job_config.h"
#include "ps/server/backing.h"
#include "ps/server/upstream.h"

namespace geomx::ps {

// A party's: values come from the servers above. What its rounds come to goes up as the algorithm says
// (sync/party_step.h), encoded for the WAN, each chunk as soon as it is complete; answers go down encoded for the LAN.
class PartyBacking : public Backing {
 public:
  PartyBacking(Upstream& upstream, int num_workers);  // in the party; the upstream outlives this
  // Before open(). `last_round`: of the party's workers.
  void begin(const JobConfig& job, std::uint64_t last_round);

  void on_failure(std::function<void(const std::string& why)> handler) override;
  void configure(const proto::OptimizerConfig& config) override;
  std::optional<proto::OptimizerConfig> optimizer() const override;  // once a value has come
  bool fetches() const override { return true; }
  void tell_whom_it_waits_for(const Chunk& chunk, const Told& told) override;
  std::unique_ptr<Gathering> gather(const Chunk& chunk) const override;
  std::shared_ptr<ChunkBacking> open(const Chunk& chunk, Deliver deliver) override;

  struct Party;  // what its chunks share, which may outlive this: an answer may still be on its way

 private:
  std::shared_ptr<Party> party_;
};

}  // namespace geomx::ps
