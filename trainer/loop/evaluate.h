#pragma once

#include "trainer/data/dataset.h"
#include "trainer/model/backend.h"

namespace geomx::trainer {

// The whole data set through the network as it is now.
Backend::Score evaluate(Backend& backend, const Dataset& data);

}  // namespace geomx::trainer
