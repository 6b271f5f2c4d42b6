// The reader of Mahimahi traces: whatever the bytes are, they are refused with an InputError, or become a trace whose
// deliveries are in the order of time, within a period that ends, and which has a rate.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "emulator/base/error.h"
#include "emulator/base/rate_trace.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace geomx;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const RateTrace trace = parse_mahimahi(text, "input", true);
    const auto& deliveries = trace.deliveries;
    if (deliveries.empty() || !std::is_sorted(deliveries.begin(), deliveries.end())) std::abort();
    if (trace.period < deliveries.back() || trace.period.count() == 0 || trace.peak().value == 0) std::abort();
    if (to_string(trace).empty()) std::abort();
  } catch (const InputError&) {
    // Refused, with the line.
  }
  return 0;
}
