#pragma once

#include <string>

#include "gui/client/lab_types.h"

// The lab's JSON documents as values. Pure. Throw WorkError where a document is none.
namespace geomx::gui {

// Of Client::inspect(); the run folder is not in it.
LabFacts facts_of(const std::string& inspection, const std::string& lab);
// Of Client::inspect_link().
LinkReading reading_of(const std::string& link);

}  // namespace geomx::gui
