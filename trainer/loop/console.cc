#include "trainer/loop/console.h"

#include <fmt/format.h>

namespace geomx::trainer {
namespace {

constexpr long kEvery = 50;  // rounds

}  // namespace

double Console::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

// Flushed: a log file is read while the training runs.
void Console::print(const std::string& line) {
  std::fputs((line + "\n").c_str(), out_);
  std::fflush(out_);
}

void Console::phase(const std::string& name, long rounds) {
  if (verbose_ < 1) return;
  print(
      fmt::format("[Time {:.3f}] {}{}", seconds(), name, name == "training" ? fmt::format(", {} rounds", rounds) : ""));
}

void Console::step(const StepReport& report, const Tensors&) {
  if (verbose_ < 1 || (verbose_ < 2 && report.round % kEvery != 0)) return;
  std::string line = fmt::format("[Time {:.3f}][Epoch {}][Iteration {}]", seconds(), report.epoch, report.round);
  if (report.loss) line += fmt::format(" loss {:.4f}{}", *report.loss, verbose_ >= 2 ? "," : "");
  if (verbose_ >= 2)
    line += fmt::format(" computed {:.1f} ms, waited {:.1f} ms", report.compute_ms, report.communicate_ms);
  print(line);
}

void Console::evaluation(const EvaluationReport& report) {
  if (verbose_ < 1) return;
  print(fmt::format("[Time {:.3f}][Epoch {}][Iteration {}] test accuracy {:.4f}, test loss {:.4f}", seconds(),
                    report.epoch, report.round, report.accuracy, report.loss));
}

}  // namespace geomx::trainer
