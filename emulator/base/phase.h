#pragma once

// Named points in the making, changing and ending of a lab, for the test that cuts the power at each of them
// (tests/e2e/power_cut_test). Nothing where GEOMX_EMU_PHASES is not set. Where it names a file, the points that are
// passed are appended to it, a line each; at the one that GEOMX_EMU_STOP_AT names, the thread then waits for a lock
// (flock) on that file, for as long as somebody else holds one.
namespace geomx {

void phase(const char* name) noexcept;

}  // namespace geomx
