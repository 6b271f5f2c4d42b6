#include "ps/config/variables.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "ps/config/error.h"
#include "ps/config/host.h"

namespace geomx::ps {
namespace {

template <typename T>
std::optional<T> parse(const std::string& text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string plain(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", number);
  return text;
}

std::optional<std::string> Variables::text(const std::string& name) const {
  auto value = get_(name);
  if (value && value->empty()) return std::nullopt;
  return value;
}

void Variables::missing(const std::string& name, const std::string& wanted) const {
  throw Error(name + " is not set: " + wanted + " is wanted" + suffix());
}

void Variables::wrong(const std::string& name, const std::string& seen, const std::string& wanted) const {
  throw Error(name + "=" + seen + ": " + wanted + " is wanted" + suffix());
}

long Variables::integer(const std::string& name, long low, long high, std::optional<long> fallback) const {
  const std::string wanted = "an integer from " + std::to_string(low) + " to " + std::to_string(high);
  const auto seen = text(name);
  if (!seen && fallback) return *fallback;
  if (!seen) missing(name, wanted);
  const auto value = parse<long>(*seen);
  if (!value || *value < low || *value > high) wrong(name, *seen, wanted);
  return *value;
}

double Variables::number(const std::string& name, double low, double high, double fallback,
                         const std::string& kind) const {
  const auto seen = text(name);
  if (!seen) return fallback;
  const auto value = parse<double>(*seen);
  if (!value || !std::isfinite(*value) || *value < low || *value > high) {
    wrong(name, *seen, kind + " from " + plain(low) + " to " + plain(high));
  }
  return *value;
}

std::string Variables::ipv4(const std::string& name) const {
  const std::string wanted = "an IPv4 address, as in 10.1.0.2,";
  const auto seen = text(name);
  if (!seen) missing(name, wanted);
  if (ipv4_number(*seen).value_or(0) == 0) wrong(name, *seen, wanted);
  return *seen;
}

int Variables::port(const std::string& name) const {
  return static_cast<int>(integer(name, 1, 65535));
}

bool Variables::flag(const std::string& name) const {
  const auto seen = text(name);
  if (!seen || *seen == "0") return false;
  if (*seen != "1") wrong(name, *seen, "0 or 1");
  return true;
}

std::string Variables::choice(const std::string& name, const std::vector<std::string>& choices) const {
  const auto seen = text(name);
  if (!seen) return {};
  if (std::find(choices.begin(), choices.end(), *seen) != choices.end()) return *seen;
  std::string wanted;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    wanted += (i == 0 ? "" : i + 1 == choices.size() ? " or " : ", ") + choices[i];
  }
  wrong(name, *seen, wanted);
}

}  // namespace geomx::ps
