#pragma once

#include <string>

#include "ps/config/job_config.h"

namespace geomx::ps {

// Where a job runs, as far as it decides what works.
struct JobShape {
  int parties = 0;              // besides the central one
  bool central_trains = false;  // DMLC_ENABLE_CENTRAL_WORKER
};

// Which algorithms work together, and where: empty, or the one line that says why not. Asked by the global servers at
// the start, once they have heard what all nodes were told. All that is not refused here works (docs/algorithms.md has
// the table; combinations_test walks it).
std::string why_not(const JobConfig& job, const JobShape& shape);

}  // namespace geomx::ps
