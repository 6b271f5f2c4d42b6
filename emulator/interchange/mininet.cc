#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>

#include "emulator/base/error.h"
#include "emulator/base/units.h"
#include "emulator/interchange/importer.h"

namespace geomx::interchange {
namespace {

using Json = nlohmann::ordered_json;

// MiniEdit writes numbers as numbers or as text; an empty field as "".
std::optional<double> number_of(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (!value.is_string()) return std::nullopt;
  const auto& text = value.get_ref<const std::string&>();
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(number) ? std::optional(number)
                                                                                           : std::nullopt;
}

// What MiniEdit writes where the user has said nothing.
bool blank(const Json& value) {
  return value.is_null() || value == "" || value == Json::array() || value == Json::object() || value == "0" ||
         value == 0 || value == false;
}

class Reader {
 public:
  Reader(std::string_view text, const std::string& path) : path_(path) {
    try {
      document_ = Json::parse(text);
    } catch (const Json::exception& error) {
      throw InputError(path, error.what(), "MiniEdit's files are JSON");
    }
    if (!document_.is_object() || !document_.contains("hosts") || !document_.contains("switches")) {
      throw InputError(path, "is not a topology of MiniEdit: it has no \"hosts\" and \"switches\"");
    }
  }

  Import read() && {
    importer_.set_name(path_, name_in(path_));
    each("hosts", [&](const Json& host, const std::string& pointer) {
      add_node(host, pointer, scenario::NodeKind::host, {"hostname", "nodeNum", "sched"});
    });
    each("switches", [&](const Json& item, const std::string& pointer) {
      const Json& options = options_of(item);
      const bool router = options.is_object() && options.value("switchType", Json()) == "legacyRouter";
      add_node(item, pointer, router ? scenario::NodeKind::router : scenario::NodeKind::switch_,
               {"hostname", "nodeNum", "switchType", "controllers"});
    });
    each("links", [&](const Json& link, const std::string& pointer) { add_link(link, pointer); });
    each("controllers", [&](const Json&, const std::string& pointer) {
      note(pointer, "controllers are not converted", "switches learn by themselves");
    });
    note_application();
    return std::move(importer_).finish(path_);
  }

 private:
  static std::string name_in(const std::string& path) {
    const std::string file = path.substr(path.rfind('/') + 1);
    return file.substr(0, file.rfind('.'));
  }

  void note(const std::string& pointer, const std::string& what, const std::string& hint = {}) {
    importer_.note(path_ + ": " + pointer, what, hint);
  }
  [[noreturn]] void fail(const std::string& pointer, const std::string& what, const std::string& hint = {}) const {
    throw InputError(path_ + ": " + pointer, what, hint);
  }

  template <class Action>
  void each(const char* key, const Action& action) {
    const auto list = document_.find(key);
    if (list == document_.end()) return;
    if (!list->is_array()) fail(fmt::format("/{}", key), "is not a list");
    for (std::size_t i = 0; i < list->size(); ++i) {
      const std::string pointer = fmt::format("/{}/{}", key, i);
      if (!(*list)[i].is_object()) fail(pointer, "is not an object");
      action((*list)[i], pointer);
    }
  }

  static const Json& options_of(const Json& item) {
    static const Json none = Json::object();
    const auto options = item.find("opts");
    return options == item.end() ? none : *options;
  }

  void add_node(const Json& item, const std::string& pointer, scenario::NodeKind kind,
                const std::vector<std::string>& understood) {
    const Json& options = options_of(item);
    if (!options.is_object() || !options.contains("hostname") || !options["hostname"].is_string()) {
      fail(pointer + "/opts/hostname", "is not there");
    }
    const auto& name = options["hostname"].get_ref<const std::string&>();
    if (!importer_.add_node(path_ + ": " + pointer, name, kind)) {
      fail(pointer + "/opts/hostname", fmt::format("\"{}\" is the name of another node too", name));
    }
    note_others(options, pointer + "/opts", understood);
  }

  void note_others(const Json& options, const std::string& pointer, const std::vector<std::string>& understood) {
    for (const auto& [key, value] : options.items()) {
      const bool known = std::find(understood.begin(), understood.end(), key) != understood.end();
      if (!known && !blank(value)) note(fmt::format("{}/{}", pointer, key), "is not converted");
    }
  }

  void add_link(const Json& item, const std::string& pointer) {
    std::array<std::string, 2> ends;
    for (std::size_t end = 0; end < 2; ++end) {
      const std::string key = end == 0 ? "src" : "dest";
      if (!item.contains(key) || !item[key].is_string()) fail(fmt::format("{}/{}", pointer, key), "is not there");
      ends[end] = item[key];
      if (importer_.node(ends[end])) continue;
      // A line to a controller, not a link of the network.
      note(pointer, fmt::format("is not converted: no host or switch is called \"{}\"", ends[end]));
      return;
    }
    if (ends[0] == ends[1]) fail(pointer, fmt::format("joins \"{}\" to itself", ends[0]));
    const Json& options = options_of(item);
    if (!options.is_object()) fail(pointer + "/opts", "is not an object");
    scenario::LinkProperties properties;
    read_properties(options, pointer + "/opts", properties);
    note_others(options, pointer + "/opts", {"bw", "delay", "jitter", "loss", "max_queue_size"});
    scenario::Link& link = importer_.add_link(ends[0], ends[1]);
    link.forward = link.backward = properties;
  }

  void read_properties(const Json& options, const std::string& pointer, scenario::LinkProperties& into) {
    if (const auto rate = positive(options, pointer, "bw", 40'000)) {
      into.rate = BitsPerSecond{static_cast<std::uint64_t>(std::llround(*rate * 1e6))};  // Mbit/s
    }
    into.delay = time(options, pointer, "delay");
    into.jitter = time(options, pointer, "jitter");
    if (into.jitter && *into.jitter > into.delay.value_or(Nanoseconds(0))) {
      note(pointer + "/jitter", "is more than the delay, and cut down to it",
           "packets cannot arrive before they are sent");
      into.jitter = into.delay;
    }
    if (const auto loss = positive(options, pointer, "loss", 100)) into.loss = Probability{*loss / 100};
    if (const auto queue = positive(options, pointer, "max_queue_size", 10'000'000)) {
      into.queue = scenario::QueuePackets{static_cast<std::uint32_t>(std::max(1.0, *queue))};
    }
  }

  // nullopt also for what is not a number in range, which is noted.
  std::optional<double> positive(const Json& options, const std::string& pointer, const char* key, double most) {
    const auto value = options.find(key);
    if (value == options.end() || blank(*value)) return std::nullopt;
    const std::optional<double> number = number_of(*value);
    const double least = std::string_view(key) == "bw" ? 0.001 : 0;  // 1 kbit/s
    if (number && *number >= least && *number > 0 && *number <= most) return number;
    note(pointer + "/" + key,
         fmt::format("{} is not converted: not a number above 0, at most {}", shown(*value), most));
    return std::nullopt;
  }

  std::optional<Nanoseconds> time(const Json& options, const std::string& pointer, const char* key) {
    const auto value = options.find(key);
    if (value == options.end() || blank(*value)) return std::nullopt;
    if (const std::optional<double> number = number_of(*value); number && *number >= 0 && *number <= 60e6) {
      note(pointer + "/" + key, fmt::format("{} has no unit: microseconds, as tc takes it", shown(*value)));
      return std::chrono::microseconds(std::llround(*number));
    }
    try {
      if (value->is_string()) {
        const Nanoseconds duration = parse_duration(value->get_ref<const std::string&>());
        if (duration <= std::chrono::seconds(60)) return duration;
      }
    } catch (const InputError&) {
      // Said below, with what else is wrong.
    }
    note(pointer + "/" + key, fmt::format("{} is not converted: not a time up to 60s", shown(*value)));
    return std::nullopt;
  }

  static std::string shown(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

  void note_application() {
    const auto application = document_.find("application");
    if (application == document_.end() || !application->is_object()) return;
    for (const char* key : {"netflow", "sflow", "startCLI"}) {
      const auto value = application->find(key);
      if (value == application->end() || blank(*value)) continue;
      bool set = !value->is_object();
      if (value->is_object()) {
        for (const auto& [name, part] : value->items()) set = set || (name.ends_with("Target") && !blank(part));
      }
      if (set) note(fmt::format("/application/{}", key), "is not converted");
    }
  }

  std::string path_;
  Json document_;
  Importer importer_;
};

}  // namespace

Import read_mininet(std::string_view text, const std::string& path) {
  return Reader(text, path).read();
}

}  // namespace geomx::interchange
