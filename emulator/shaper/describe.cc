#include "emulator/shaper/describe.h"

#include <fmt/format.h>

#include <utility>

namespace geomx::shaper {

std::string name_of(Distribution distribution) {
  switch (distribution) {
    case Distribution::uniform:
      return "uniform";
    case Distribution::normal:
      return "normal";
    case Distribution::pareto:
      return "pareto";
  }
  return "";
}

std::string describe_jitter(const Direction& direction) {
  std::string text = to_string(direction.jitter);
  if (direction.distribution != Distribution::uniform) text += " " + name_of(direction.distribution);
  if (direction.correlation > 0) text += fmt::format(" correlation {}", to_string(Probability{direction.correlation}));
  return direction.keeps_order ? text : text + " order free";
}

std::string describe(const GilbertElliott& model) {
  const auto percent = [](double probability) { return to_string(Probability{probability}); };
  return fmt::format("gilbert-elliott p {} r {} good {} bad {}", percent(model.p), percent(model.r),
                     percent(model.loss_good), percent(model.loss_bad));
}

std::string describe(const CodelSettings& codel) {
  return fmt::format("target {} interval {}{}", to_string(codel.target), to_string(codel.interval),
                     codel.ecn ? " ecn" : "");
}

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
  if (direction.trace) add("trace", to_string(*direction.trace));
  if (direction.delay.count() != 0) add("delay", to_string(direction.delay));
  if (direction.jitter.count() != 0) add("jitter", describe_jitter(direction));
  const std::pair<const char*, double> chances[] = {{"loss", direction.loss},
                                                    {"duplicate", direction.duplicate},
                                                    {"reorder", direction.reorder},
                                                    {"corrupt", direction.corrupt}};
  if (direction.gilbert_elliott) add("loss", describe(*direction.gilbert_elliott));
  for (const auto& [name, chance] : chances) {
    if (chance > 0) add(name, to_string(Probability{chance}));
  }
  if (direction.limited()) add("queue", describe(direction.queue));
  if (direction.limited() && direction.codel) add("codel", describe(*direction.codel));
  if (direction.seed && direction.random()) add("seed", std::to_string(*direction.seed));
  return text;
}

}  // namespace geomx::shaper
