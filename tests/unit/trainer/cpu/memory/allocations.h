#pragma once

#include <cstddef>

// Every call of malloc and its relatives in this process, operator new's among them, on all threads, is counted: this
// binary has its own in front of the C library's. Those made while oneDNN executes a primitive are counted apart.
namespace geomx::test {

struct Allocations {
  std::size_t ours = 0;
  std::size_t onednns = 0;  // inside dnnl_primitive_execute()
};

// Since the process began. Sanitizers want malloc for themselves: there nothing is counted.
Allocations allocations();
bool allocations_are_counted();

}  // namespace geomx::test
