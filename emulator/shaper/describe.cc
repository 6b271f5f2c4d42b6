#include "emulator/shaper/describe.h"

#include <fmt/format.h>

namespace geomx::shaper {

std::string describe(const QueueLimit& queue) {
  if (const auto* packets = std::get_if<PacketLimit>(&queue)) return fmt::format("{}packets", packets->packets);
  return to_string(Bytes{std::get<ByteLimit>(queue).bytes});
}

std::string describe(const Direction& direction) {
  if (!direction.shaped()) return direction.down ? "down" : "unshaped";
  std::string text = direction.down ? "down" : "";
  const auto add = [&text](std::string_view name, const std::string& value) {
    text += fmt::format("{}{} {}", text.empty() ? "" : " ", name, value);
  };
  if (direction.rate) add("rate", to_string(*direction.rate));
  if (direction.delay.count() != 0) add("delay", to_string(direction.delay));
  if (direction.jitter.count() != 0) add("jitter", to_string(direction.jitter));
  if (direction.loss > 0) add("loss", to_string(Probability{direction.loss}));
  if (direction.rate) add("queue", describe(direction.queue));
  if (direction.seed && (direction.loss > 0 || direction.jitter.count() != 0)) {
    add("seed", std::to_string(*direction.seed));
  }
  return text;
}

}  // namespace geomx::shaper
