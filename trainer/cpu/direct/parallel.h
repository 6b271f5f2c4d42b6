#pragma once

#include <omp.h>

namespace geomx::trainer::direct {

// f(i) for i in [0, count), in runs of equal length on so many threads. One thread is asked for no team: libgomp would
// allocate it each time, and steps allocate nothing.
template <typename F>
void parallel_for(int threads, long count, const F& f) {
  if (threads == 1) {
    for (long i = 0; i < count; ++i) f(i);
    return;
  }
#pragma omp parallel for schedule(static) num_threads(threads)
  for (long i = 0; i < count; ++i) f(i);
}

// On as many as there are.
template <typename F>
void parallel_for(long count, const F& f) {
  parallel_for(omp_get_max_threads(), count, f);
}

}  // namespace geomx::trainer::direct
