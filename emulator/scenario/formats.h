#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "emulator/base/units.h"
#include "emulator/scenario/format.h"
#include "emulator/scenario/scenario.h"

// Formats of the simple values. Ranges are inclusive unless said otherwise. Internal to this folder.
namespace geomx::scenario {

// Reports "expected WANTED, found ...".
void wrong_type(const char* wanted, const Json& value, const std::string& pointer, Problems& problems);

Format<std::string> text();  // any string
Format<std::string> name();  // of what becomes a hostname: lower-case letters, digits, hyphens; at most 40
Format<std::string> word(const char* title);  // a string that is not empty
Format<std::string> choice(const std::vector<std::string>& options);
// One of `options`, which are the spellings of the values 0, 1, ... of the enumeration.
template <class Enum>
Format<Enum> enumeration(const std::vector<std::string>& options) {
  const Format<std::string> spelled = choice(options);
  return {spelled.schema,
          [options, spelled](const Json& value, const std::string& pointer, Enum& into, Problems& problems) {
            std::string text;
            if (!spelled.read(value, pointer, text, problems)) return false;
            into = static_cast<Enum>(std::find(options.begin(), options.end(), text) - options.begin());
            return true;
          },
          [options](Enum value) { return Json(options[static_cast<std::size_t>(value)]); }};
}
Format<bool> boolean();
Format<bool> flag();  // a boolean that is left out where it is false

Format<std::uint64_t> integer64(std::uint64_t min, std::uint64_t max);
Format<int> integer(int min, int max);
Format<double> number();
Format<double> positive_number(double max);  // above 0
Format<double> non_negative_number(double max);
Format<double> number_between(double min, double max);
Format<double> fraction_below_one();  // 0 <= x < 1

// {"NAME": NUMBER, ...}; left out where it is empty.
Format<std::map<std::string, double>> factors(double min, double max);

Format<BitsPerSecond> rate(BitsPerSecond min, BitsPerSecond max);
Format<Nanoseconds> duration(Nanoseconds max);
Format<Nanoseconds> duration(Nanoseconds min, Nanoseconds max);
Format<Probability> probability();
Format<Queue> queue();
Format<Bytes> size(Bytes min, Bytes max);

}  // namespace geomx::scenario
