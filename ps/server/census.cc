#include "ps/server/census.h"

#include <algorithm>
#include <cmath>

namespace geomx::ps {

Census::Census(int all_workers, int party_servers, int central_workers)
    : all_workers_(all_workers), party_servers_(party_servers), central_workers_(central_workers) {}

std::string Census::compare(std::uint32_t believed, std::uint32_t all_workers) {
  if (believed == 0 || believed == all_workers) return {};
  return "DMLC_NUM_ALL_WORKER is " + std::to_string(believed) + " here, but " + std::to_string(all_workers) +
         " at the global server";
}

void Census::count(std::uint32_t workers, std::uint32_t servers) {
  ++greeted_;
  party_workers_ += static_cast<double>(workers) / std::max<std::uint32_t>(servers, 1);
}

std::string Census::disagreement() const {
  const auto parties = static_cast<int>(std::lround(party_workers_));
  if (parties + central_workers_ == all_workers_) return {};
  return "DMLC_NUM_ALL_WORKER is " + std::to_string(all_workers_) + " at the global server, but " +
         std::to_string(parties + central_workers_) + " workers train (" + std::to_string(parties) +
         " in the parties, " + std::to_string(central_workers_) + " in the central one)";
}

}  // namespace geomx::ps
