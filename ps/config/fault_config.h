#pragma once

// What a job does about nodes that die. The same on all of its nodes (job_config.h).
namespace geomx::ps {

struct FaultConfig {
  // A worker that is lost: its party goes on with the rest, and what a round comes to is the mean over those whose
  // gradients are in it. Else every round waits for it to come back.
  bool drop_workers = true;
};

}  // namespace geomx::ps
