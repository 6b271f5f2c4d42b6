// The scenario file's parser, and the overrides of --set: whatever the bytes are, they are read or refused with an
// InputError; and what is read can be written and read again as the same.
//
// Input: lines "PATH=VALUE", each an override, then a line "---", then the file; without that line, the file alone.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/base/error.h"
#include "emulator/scenario/parse.h"
#include "emulator/scenario/write.h"

namespace {

constexpr std::string_view kSeparator = "\n---\n";
constexpr std::size_t kMostOverrides = 8;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace geomx;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> overrides;
  if (const std::size_t end = text.find(kSeparator); end != std::string_view::npos) {
    std::string_view head = text.substr(0, end);
    text.remove_prefix(end + kSeparator.size());
    while (!head.empty() && overrides.size() < kMostOverrides) {
      const std::size_t line = head.find('\n');
      overrides.emplace_back(head.substr(0, line));
      head.remove_prefix(line == std::string_view::npos ? head.size() : line + 1);
    }
  }
  try {
    const scenario::Scenario first = scenario::parse(text, "input", overrides);
    if (scenario::parse(scenario::write(first), "written") != first) std::abort();
  } catch (const scenario::ScenarioErrors&) {
    // Refused, with reasons.
  }
  return 0;
}
