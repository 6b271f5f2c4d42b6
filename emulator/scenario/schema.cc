#include "emulator/scenario/schema.h"

#include "emulator/scenario/table.h"

namespace geomx::scenario {

std::string json_schema() {
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"}};
  schema.update(scenario_table().schema());
  return schema.dump(2) + "\n";
}

}  // namespace geomx::scenario
