#include <fmt/format.h>

#include "emulator/scenario/judge.h"

// What a link's properties must be to each other. (Two keys that say the same are found while reading.)
namespace geomx::scenario {
namespace {

void judge_jitter(const LinkProperties& properties, const std::string& pointer, Judge& judge) {
  const Nanoseconds delay = properties.delay.value_or(Nanoseconds(0));
  if (properties.jitter && *properties.jitter > delay) {
    judge.add(pointer + "/jitter",
              fmt::format("jitter {} is more than the delay {}", to_string(*properties.jitter), to_string(delay)),
              "a packet cannot arrive before it is sent");
  }
  if (!properties.jitter) {
    const auto needs_jitter = [&](const char* key, bool given) {
      if (given)
        judge.add(pointer + "/" + key, fmt::format("\"{}\" of a jitter that is not there", key), "give a \"jitter\"");
    };
    needs_jitter("distribution", properties.distribution.has_value());
    needs_jitter("correlation", properties.correlation.has_value());
    needs_jitter("order", properties.order.has_value());
  }
  if (properties.reorder && properties.reorder->value > 0 && delay.count() == 0) {
    judge.add(pointer + "/reorder", "without a delay no packet can overtake another", "give a \"delay\"");
  }
}

void judge_discipline(const LinkProperties& properties, const std::string& pointer, Judge& judge) {
  const bool codel = properties.discipline == Discipline::codel;
  if (codel && !properties.limited()) {
    judge.add(pointer + "/discipline", "without a rate there is no queue", "give a \"rate\" or a \"trace\"");
  }
  const auto needs_codel = [&](const char* key, bool given) {
    if (given && !codel) {
      judge.add(pointer + "/" + key, fmt::format("\"{}\" belongs to codel", key), "write \"discipline\": \"codel\"");
    }
  };
  needs_codel("ecn", properties.ecn.value_or(false));
  needs_codel("codel_target", properties.codel_target.has_value());
  needs_codel("codel_interval", properties.codel_interval.has_value());
  const auto positive = [&](const char* key, const std::optional<Nanoseconds>& time) {
    if (time && time->count() == 0)
      judge.add(pointer + "/" + key, fmt::format("\"{}\" is 0", key), "5ms and 100ms are usual");
  };
  positive("codel_target", properties.codel_target);
  positive("codel_interval", properties.codel_interval);
}

void judge_table(const Trace& trace, const std::string& pointer, Judge& judge) {
  if (trace.table.front().at.count() != 0) {
    judge.add(pointer + "/table/0/at", "the first step does not begin at 0s", "say what the rate is from the start");
  }
  for (std::size_t i = 1; i < trace.table.size(); ++i) {
    if (trace.table[i].at > trace.table[i - 1].at) continue;
    judge.add(fmt::format("{}/table/{}/at", pointer, i),
              fmt::format("{} does not come after {}", to_string(trace.table[i].at), to_string(trace.table[i - 1].at)),
              "steps are in the order of time");
  }
  const Nanoseconds last = trace.table.back().at;
  if (trace.loop && !trace.period) {
    judge.add(pointer + "/period", "a table that is looped has no \"period\"",
              "say how long it is, or \"loop\": false");
  } else if (trace.period && *trace.period <= last) {
    judge.add(pointer + "/period", fmt::format("the period {} is over before the last step at {}",
                                               to_string(*trace.period), to_string(last)));
  }
}

void judge_trace(const Trace& trace, const std::string& pointer, Judge& judge) {
  if (!trace.file && trace.table.empty()) {
    judge.add(pointer, "a trace without a rate", "give a \"file\" or a \"table\"");
  } else if (trace.file && trace.period) {
    judge.add(pointer + "/period", "the period of a file is its last line", "leave \"period\" out");
  } else if (!trace.file) {
    judge_table(trace, pointer, judge);
  }
}

}  // namespace

void judge_properties(const LinkProperties& properties, const std::string& pointer, Judge& judge) {
  judge_jitter(properties, pointer, judge);
  judge_discipline(properties, pointer, judge);
  if (properties.trace) judge_trace(*properties.trace, pointer + "/trace", judge);
}

}  // namespace geomx::scenario
