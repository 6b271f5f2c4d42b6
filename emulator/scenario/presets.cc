#include "emulator/scenario/presets.h"

#include <algorithm>
#include <cmath>

namespace geomx::scenario {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kMega = 1'000'000;

LinkProperties link(double megabits, Nanoseconds delay) {
  LinkProperties properties;
  properties.rate = BitsPerSecond{static_cast<std::uint64_t>(std::llround(megabits * static_cast<double>(kMega)))};
  properties.delay = delay;
  return properties;
}

LinkProperties with_jitter(LinkProperties properties, Nanoseconds jitter, Distribution distribution) {
  properties.jitter = jitter;
  properties.distribution = distribution;
  return properties;
}

Preset both_ways(const char* name, const char* description, const char* source, const LinkProperties& properties) {
  return {name, description, source, properties, properties};
}

std::vector<Preset> make_presets() {
  return {
      {"leo-satellite", "a subscriber of a constellation in low Earth orbit (Starlink)",
       "rates: Ookla, medians of the USA in the third quarter of 2021 (87.25 and 13.54 Mbit/s). Delay and jitter: "
       "Michel, "
       "Trevisan, Giordano and Bonaventure, \"A First Look at Starlink Performance\", IMC 2022: round trips to "
       "European "
       "servers have quartiles of 40, 50 and 60 ms, half of which is each way",
       with_jitter(link(87.25, 25ms), 10ms, Distribution::uniform),
       with_jitter(link(13.54, 25ms), 10ms, Distribution::uniform)},
      {"geo-satellite", "a subscriber of a geostationary satellite (Viasat)",
       "Ookla, medians of the USA in the third quarter of 2021: 18.75 and 2.96 Mbit/s, round trip of 629 ms",
       link(18.75, 314'500us), link(2.96, 314'500us)},
      {"4g", "a phone on LTE",
       "rates: Ookla, means of the USA in the first half of 2018, before 5G (27.33 and 8.63 Mbit/s). Delay: Ookla, "
       "medians "
       "of the USA's mobile operators in the third quarter of 2021, round trip of 33 ms",
       link(27.33, 16'500us), link(8.63, 16'500us)},
      {"5g", "a phone on 5G below 6 GHz",
       "rates: Ookla, worldwide medians, down in the third quarter of 2023 (203.04 Mbit/s), up in that of 2021 (21.08 "
       "Mbit/s). Delay: Ookla, the USA's best operator in the third quarter of 2023, round trip of 50 ms",
       link(203.04, 25ms), link(21.08, 25ms)},
      both_ways(
          "wifi", "a laptop on a home's or campus' Wi-Fi",
          "rate: Ookla, median of the USA's fixed lines in the third quarter of 2023, as seen by devices most of which "
          "are "
          "on Wi-Fi (213.75 Mbit/s). Delay: Sui et al., \"Characterizing and Improving WiFi Latency in Large-Scale "
          "Operational Networks\", MobiSys 2016: a median of 3 ms and a 90th percentile of 20 ms there and back; this "
          "has "
          "5 and 15, and a shorter tail",
          with_jitter(link(213.75, 4ms), 4ms, Distribution::pareto)),
      both_ways("fibre-metro", "fibre across a city, 50 km",
                "delay: 2.1 times the distance at 4.9 us per km, the rule that Bozkurt et al. find in \"Dissecting "
                "Latency in "
                "the Internet's Fiber Infrastructure\", 2018. Rate: a Gigabit Ethernet port",
                link(1000, 515us)),
      both_ways(
          "fibre-continental", "a backbone across the USA",
          "delay: Verizon's service level for the mean round trip between its backbone's hubs there, 45 ms. Rate: a "
          "Gigabit Ethernet port",
          link(1000, 22'500us)),
      both_ways("fibre-intercontinental", "a sea cable between New York and London",
                "delay: Verizon's service level for the mean round trip, 90 ms. Rate: a Gigabit Ethernet port",
                link(1000, 45ms)),
  };
}

}  // namespace

const std::vector<Preset>& presets() {
  static const std::vector<Preset> all = make_presets();
  return all;
}

const Preset* find_preset(std::string_view name) {
  const auto found =
      std::find_if(presets().begin(), presets().end(), [name](const Preset& preset) { return preset.name == name; });
  return found == presets().end() ? nullptr : &*found;
}

void override_with(const LinkProperties& figures, LinkProperties& properties) {
  const auto lay = [](const auto& from, auto& over) {
    if (from) over = from;
  };
  if (figures.limited()) {
    properties.rate.reset();
    properties.trace.reset();
  }
  if (figures.loss || figures.gilbert_elliott) {
    properties.loss.reset();
    properties.gilbert_elliott.reset();
  }
  lay(figures.rate, properties.rate);
  lay(figures.trace, properties.trace);
  lay(figures.delay, properties.delay);
  lay(figures.jitter, properties.jitter);
  lay(figures.distribution, properties.distribution);
  lay(figures.correlation, properties.correlation);
  lay(figures.order, properties.order);
  lay(figures.loss, properties.loss);
  lay(figures.gilbert_elliott, properties.gilbert_elliott);
  lay(figures.duplicate, properties.duplicate);
  lay(figures.reorder, properties.reorder);
  lay(figures.corrupt, properties.corrupt);
  if (!std::holds_alternative<QueueAuto>(figures.queue)) properties.queue = figures.queue;
  lay(figures.discipline, properties.discipline);
  lay(figures.ecn, properties.ecn);
  lay(figures.codel_target, properties.codel_target);
  lay(figures.codel_interval, properties.codel_interval);
  lay(figures.mtu, properties.mtu);
}

}  // namespace geomx::scenario
