#include "emulator/base/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>

namespace geomx {

void log_to_stderr(const std::string& program, spdlog::level::level_enum level) {
  auto logger = std::make_shared<spdlog::logger>(program, std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  logger->set_pattern("%H:%M:%S.%e %n %^%l%$ %v");
  logger->set_level(level);
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace geomx
