#include "trainer/cuda/device/launch.cuh"

namespace geomx::trainer::cuda {

void Machine::run_fp32(const Step& step) {
  StepRunner<Machine, float>(*this).run(step);
}

}  // namespace geomx::trainer::cuda
