#pragma once

#include <string>
#include <vector>

#include "emulator/sweep/database.h"

namespace geomx::sweep {

// Throws InputError, at `where`, unless the sweep in `database` has these combinations, with these scenarios, and these
// runs: whoever resumes a sweep and says again what it is must mean the same one.
void require_same(const Database& database, const std::string& where, const Grid& asked,
                  const std::vector<Trial>& trials);

}  // namespace geomx::sweep
