#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "emulator/base/error.h"
#include "emulator/scenario/scenario.h"

// Scenario files in: strict JSON, read by the one table of keys (table.h) and judged as a whole (validate.h). Nothing
// is ignored: an unknown key, a wrong unit, a value out of range or a key of a later version is an error.
namespace geomx::scenario {

// Everything that is wrong with a scenario at once, in the file's order. Each error is one line:
// "PATH:LINE:COLUMN: /JSON/POINTER: WHAT (HINT)", or "--set OVERRIDE: /JSON/POINTER: ..." where an override is to
// blame. A main prints every line of errors() with its program's name before it; what() holds the lines joined.
class ScenarioErrors : public InputError {
 public:
  // One of them in its parts, for who shows it beside the value that it is about.
  struct Finding {
    std::string pointer;  // may name a key that is missing; empty: the whole file, or a syntax error
    int line = 0;         // from 1; 0 where an override is to blame
    int column = 0;       // from 1, in characters
    std::string what;
    std::string hint;
  };

  ScenarioErrors(std::vector<InputError> errors, std::vector<Finding> findings);
  const std::vector<InputError>& errors() const { return errors_; }   // never empty
  const std::vector<Finding>& findings() const { return findings_; }  // in the same order

 private:
  std::vector<InputError> errors_;
  std::vector<Finding> findings_;
};

// `path` is named in messages; the trace files that the scenario names are looked for beside it. `overrides` are
// "PATH=VALUE", applied in order before the document is read (set.h). Throws ScenarioErrors.
Scenario parse(std::string_view text, const std::string& path, const std::vector<std::string>& overrides = {});

// Reads the file at `path`. Throws ScenarioErrors; InputError where the file cannot be read.
Scenario load(const std::string& path, const std::vector<std::string>& overrides = {});

}  // namespace geomx::scenario
