#include "trainer/cuda/device/launch.cuh"

namespace geomx::trainer::cuda {

void Machine::run_bf16(const Step& step) {
  StepRunner<Machine, Bf16>(*this).run(step);
}

}  // namespace geomx::trainer::cuda
