// The part of the table of keys that says what commands run in a lab.
#include <fmt/format.h>

#include "emulator/scenario/formats.h"
#include "emulator/scenario/table.h"

namespace geomx::scenario {
namespace {

using namespace std::chrono_literals;

constexpr Nanoseconds kLongestRun = 24h;
constexpr int kMostRepeats = 1'000'000;
constexpr int kLastPort = 65'535;

using Variables = std::map<std::string, std::string>;

// {"OMP_NUM_THREADS": "1"}
Format<Variables> variables() {
  const Format<std::string> value_format = text();
  return {{{"title", "variables"}, {"type", "object"}, {"additionalProperties", {{"type", "string"}}}},
          [value_format](const Json& value, const std::string& pointer, Variables& into, Problems& problems) {
            if (!value.is_object()) {
              wrong_type("an object of texts", value, pointer, problems);
              return false;
            }
            into.clear();
            for (const auto& [name, content] : value.items()) {
              const std::string at = child(pointer, name);
              if (name.empty() || name.find('=') != std::string::npos) {
                problems.push_back({at, "is no name of a variable", "for example {\"OMP_NUM_THREADS\": \"1\"}"});
              } else {
                value_format.read(content, at, into[name], problems);
              }
            }
            return true;
          },
          [](const Variables& from) {
            Json object = Json::object();
            for (const auto& [name, content] : from) object[name] = content;
            return object.empty() ? Json() : object;
          }};
}

Object<Ready> ready() {
  using R = Ready;
  return {"readiness",
          {
              optional("port", "once something in the node listens on this TCP port", &R::port, integer(1, kLastPort)),
              optional("output", "or once it has printed this text", &R::output, word("text")),
              optional("file", "or once this file has been made or written to", &R::file, word("path")),
              optional("within", "not being ready by then, after its start, fails the run", &R::within,
                       duration(kLongestRun)),
          }};
}

// Left out of what is written where it is empty.
template <class T>
Field<T> unless_empty(Field<T> field, std::string T::*member) {
  field.schema.erase("default");
  field.write = [member](const T& from) { return (from.*member).empty() ? Json() : Json(from.*member); };
  return field;
}

Object<Command> command() {
  using C = Command;
  return {
      "command",
      {
          unless_empty(optional("name", "what after, the log and the summary call it", &C::name, name()), &C::name),
          unless_empty(optional("node", "where it runs", &C::node, word("node")), &C::node),
          optional("nodes",
                   "or several, in each of which it runs; a pattern such as a-host-* stands for all that match",
                   &C::nodes, list_of(word("node"))),
          required("argv", "the program and its arguments; no shell is involved", &C::argv, list_of(text())),
          optional("after",
                   "names of commands that it waits for: until one with ready is ready, another in the "
                   "background has started, any other has ended",
                   &C::after, list_of(name())),
          optional("at",
                   "when it starts, after the start of the run or after what it waits for; at once where left out",
                   &C::at, duration(kLongestRun)),
          optional("background", "a server: ended when all others are done", &C::background, boolean()),
          optional("ready", "what shows that it is up", &C::ready, object(ready())),
          optional("timeout", "it is ended, and has failed, when it runs longer", &C::timeout, duration(kLongestRun)),
          optional("may_fail", "the run goes on, and is ok, even if it fails", &C::may_fail, boolean()),
          optional("repeat", "runs so often, one after the other", &C::repeat, integer(1, kMostRepeats)),
          optional("environment", "variables, beside those of geomx-emu itself", &C::environment, variables()),
          optional("directory", "where it is started; the folder in which geomx-emu was, where left out", &C::directory,
                   word("path")),
      }};
}

}  // namespace

const Object<Command>& command_table() {
  static const Object<Command> table = command();
  return table;
}

}  // namespace geomx::scenario
