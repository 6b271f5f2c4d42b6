#pragma once

#include <functional>

#include "trainer/data/dataset.h"
#include "trainer/model/backend.h"

namespace geomx::trainer {

// The whole data set through the network as it is now. `progress` hears now and then how many samples are done.
Backend::Score evaluate(Backend& backend, const Dataset& data,
                        const std::function<void(std::size_t samples)>& progress = {});

}  // namespace geomx::trainer
