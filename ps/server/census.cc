#include "ps/server/census.h"

#include <map>

namespace geomx::ps {
namespace {

std::string length_of(const proto::Trainee& worker) {
  if (worker.steps() > 0) return std::to_string(worker.steps()) + " steps";
  return std::to_string(worker.rounds()) + " rounds";
}

}  // namespace

std::string compare_all_workers(std::uint32_t believed, std::uint32_t all_workers) {
  if (believed == 0 || believed == all_workers) return {};
  return "DMLC_NUM_ALL_WORKER is " + std::to_string(believed) + " here, but " + std::to_string(all_workers) +
         " at the global server";
}

std::string Census::disagreement() const {
  if (workers_.size() != static_cast<std::size_t>(all_workers_)) {
    return "DMLC_NUM_ALL_WORKER is " + std::to_string(all_workers_) + " at the global server, but " +
           std::to_string(workers_.size()) + " workers train (" + std::to_string(workers_.size() - central_) +
           " in the parties, " + std::to_string(central_) + " in the central one)";
  }
  std::map<std::uint64_t, const proto::Trainee*> owners;
  for (const proto::Trainee& worker : workers_) {
    const auto [owner, first] = owners.emplace(worker.slice(), &worker);
    if (!first) {
      return "both " + owner->second->name() + " and " + worker.name() + " train on data slice " +
             std::to_string(worker.slice()) + ": each worker needs one of its own (--data-slice-idx)";
    }
    if (length_of(worker) != length_of(workers_.front())) {
      return worker.name() + " would train for " + length_of(worker) + ", and " + workers_.front().name() + " for " +
             length_of(workers_.front()) + ": --epoch, --rounds and --batch-size must be the same for all workers";
    }
  }
  return {};
}

}  // namespace geomx::ps
