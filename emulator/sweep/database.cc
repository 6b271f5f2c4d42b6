#include "emulator/sweep/database.h"

#include <fmt/format.h>

#include <chrono>

#include "emulator/base/error.h"
#include "emulator/sweep/schema.h"
#include "emulator/sweep/sqlite.h"

namespace geomx::sweep {
namespace {

namespace fs = std::filesystem;

double seconds_since_epoch() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string quoted(const std::string& name) {
  std::string text = "\"";
  for (const char c : name) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + "\"";
}

// One row per run, the varied values as columns under their labels: for people's queries.
std::string results_view(const Grid& grid) {
  std::string columns;
  for (std::size_t i = 0; i < grid.variations.size(); ++i) {
    columns += fmt::format(
        ", (SELECT v.value FROM point_values p JOIN parameter_values v ON v.id = p.value "
        "WHERE p.point = r.point AND p.parameter = {}) AS {}",
        i + 1, quoted(grid.variations[i].label));
  }
  for (const char* name : {"samples_per_second", "test_accuracy", "rounds", "wan_bytes"}) {
    columns +=
        fmt::format(", (SELECT value FROM metrics m WHERE m.run = r.id AND m.name = 'training.{0}') AS {0}", name);
  }
  return fmt::format(
      "CREATE VIEW results AS SELECT r.id AS run, r.repetition, r.seed AS run_seed, r.status, r.verdict, "
      "r.wall_seconds, r.round_s, r.predicted_round_s{} FROM runs r;",
      columns);
}

void insert_description(Sqlite& database, const Description& description) {
  Statement row(database, "INSERT INTO sweep VALUES (?, ?)");
  const auto put = [&](const char* key, const std::string& value) { row.run(std::string(key), value); };
  put("version", GEOMX_VERSION);
  put("name", description.name);
  put("scenario", description.scenario);
  put("directory", description.directory);
  put("command", description.command);
  put("shaper", description.shaper);
  put("seed", std::to_string(description.seed));
  put("repeat", std::to_string(description.repeat));
  put("order", description.shuffled ? "random" : "grid");
  put("created", fmt::format("{:.3f}", seconds_since_epoch()));
}

void insert_grid(Sqlite& database, const Grid& grid) {
  Statement parameter(database, "INSERT INTO parameters VALUES (?, ?, ?)");
  Statement value(database, "INSERT INTO parameter_values VALUES (?, ?, ?, ?)");
  std::vector<std::vector<std::int64_t>> value_ids;
  std::int64_t next_value = 0;
  for (const Variation& variation : grid.variations) {
    const auto id = static_cast<std::int64_t>(value_ids.size()) + 1;
    parameter.run(id, variation.path, variation.label);
    value_ids.emplace_back();
    for (const Value& each : variation.values) {
      value_ids.back().push_back(++next_value);
      value.run(next_value, id, each.text, each.number);
    }
  }
  Statement point(database, "INSERT INTO points VALUES (?, ?, ?, ?)");
  Statement choice(database, "INSERT INTO point_values VALUES (?, ?, ?)");
  std::int64_t id = 0;
  for (const Point& each : grid.points) {
    point.run(++id, describe(grid, each), static_cast<std::int64_t>(each.seed), each.scenario);
    for (std::size_t i = 0; i < each.choice.size(); ++i) {
      choice.run(id, static_cast<std::int64_t>(i) + 1, value_ids[i][each.choice[i]]);
    }
  }
}

void insert_runs(Sqlite& database, const Grid& grid, const std::vector<Trial>& trials) {
  Statement run(database,
                "INSERT INTO runs (id, point, repetition, seed, status, predicted_round_s) "
                "VALUES (?, ?, ?, ?, 'pending', ?)");
  std::int64_t id = 0;
  for (const Trial& trial : trials) {
    run.run(++id, static_cast<std::int64_t>(trial.point) + 1, trial.repetition, static_cast<std::int64_t>(trial.seed),
            grid.points[trial.point].predicted_round_s);
  }
}

// Of a query that finds exactly one.
std::int64_t number(const Sqlite& database, const std::string& sql) {
  Statement query(database, sql);
  query.run();
  return query.integer(0);
}

Sqlite open_existing(const fs::path& path) {
  Sqlite database(path, false);
  const std::int64_t version = number(database, "PRAGMA user_version");
  if (version != kSchemaVersion) {
    throw InputError(path.string(), fmt::format("its tables are of version {}", version),
                     fmt::format("this is {} and knows version {}", GEOMX_VERSION, kSchemaVersion));
  }
  database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
  return database;
}

}  // namespace

struct Database::Impl {
  explicit Impl(const fs::path& path) : sqlite(open_existing(path)) {}
  Sqlite sqlite;
};

void Database::create(const fs::path& path, const Description& description, const Grid& grid,
                      const std::vector<Trial>& trials) {
  const fs::path unfinished = path.string() + ".new";
  fs::remove(unfinished);
  {
    Sqlite database(unfinished, true);
    Transaction transaction(database);
    database.execute(kSchema);
    database.execute(results_view(grid));
    database.execute(fmt::format("PRAGMA user_version = {}", kSchemaVersion));
    insert_description(database, description);
    insert_grid(database, grid);
    insert_runs(database, grid, trials);
    transaction.commit();
  }
  fs::rename(unfinished, path);
}

Database::Database(const fs::path& path) : impl_(std::make_unique<Impl>(path)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Description Database::description() const {
  Statement query(impl_->sqlite, "SELECT value FROM sweep WHERE key = ?");
  const auto value = [&](const char* key) {
    if (!query.run(std::string(key))) throw WorkError("sweep.sqlite", fmt::format("the sweep has no {}", key));
    return query.text(0);
  };
  return {value("name"),   value("scenario"),          value("directory"),         value("command"),
          value("shaper"), std::stoull(value("seed")), std::stoi(value("repeat")), value("order") == "random"};
}

Grid Database::grid() const {
  Grid grid;
  grid.name = description().name;
  Statement parameters(impl_->sqlite, "SELECT path, label FROM parameters ORDER BY id");
  for (bool row = parameters.run(); row; row = parameters.next()) {
    grid.variations.push_back({parameters.text(0), {}, parameters.text(1)});
  }
  Statement values(impl_->sqlite, "SELECT parameter, value, number, id FROM parameter_values ORDER BY id");
  std::vector<std::int64_t> first(grid.variations.size());  // id of each parameter's first value
  for (bool row = values.run(); row; row = values.next()) {
    const auto parameter = static_cast<std::size_t>(values.integer(0)) - 1;
    if (grid.variations.at(parameter).values.empty()) first[parameter] = values.integer(3);
    grid.variations[parameter].values.push_back({values.text(1), values.real_or_none(2)});
  }
  Statement points(impl_->sqlite, "SELECT seed, scenario FROM points ORDER BY id");
  for (bool row = points.run(); row; row = points.next()) {
    grid.points.push_back({std::vector<std::size_t>(grid.variations.size()), points.text(1),
                           static_cast<std::uint64_t>(points.integer(0)), std::nullopt});
  }
  Statement choices(impl_->sqlite, "SELECT point, parameter, value FROM point_values");
  for (bool row = choices.run(); row; row = choices.next()) {
    const auto parameter = static_cast<std::size_t>(choices.integer(1)) - 1;
    grid.points.at(static_cast<std::size_t>(choices.integer(0)) - 1).choice.at(parameter) =
        static_cast<std::size_t>(choices.integer(2) - first.at(parameter));
  }
  return grid;
}

std::vector<RunRow> Database::runs() const {
  Statement query(impl_->sqlite,
                  "SELECT id, point, repetition, seed, status, verdict, error, wall_seconds, round_s, "
                  "predicted_round_s, (SELECT count(*) FROM attempts WHERE run = runs.id AND outcome = 'failed'), "
                  "(SELECT repeated AND outcome = 'ok' FROM attempts WHERE run = runs.id AND outcome <> 'killed' AND "
                  "outcome <> 'interrupted' ORDER BY id DESC LIMIT 1) FROM runs ORDER BY id");
  std::vector<RunRow> rows;
  for (bool row = query.run(); row; row = query.next()) {
    rows.push_back({query.integer(0), query.integer(1), static_cast<int>(query.integer(2)),
                    static_cast<std::uint64_t>(query.integer(3)), query.text(4), query.text_or_none(5),
                    query.text_or_none(6), static_cast<int>(query.integer(10)), query.integer(11) != 0,
                    query.real_or_none(7), query.real_or_none(8), query.real_or_none(9)});
  }
  return rows;
}

std::vector<std::pair<std::int64_t, double>> Database::metric(const std::string& name) const {
  Statement query(impl_->sqlite,
                  "SELECT run, value FROM metrics JOIN runs ON runs.id = run WHERE name = ? AND status = 'ok' "
                  "ORDER BY run");
  std::vector<std::pair<std::int64_t, double>> values;
  for (bool row = query.run(name); row; row = query.next()) values.emplace_back(query.integer(0), query.real(1));
  return values;
}

std::vector<std::string> Database::metric_names() const {
  Statement query(impl_->sqlite, "SELECT DISTINCT name FROM metrics ORDER BY name");
  std::vector<std::string> names;
  for (bool row = query.run(); row; row = query.next()) names.push_back(query.text(0));
  return names;
}

std::size_t Database::count(const std::string& status) const {
  Statement query(impl_->sqlite, "SELECT count(*) FROM runs WHERE status = ?");
  query.run(status);
  return static_cast<std::size_t>(query.integer(0));
}

bool Database::all_well() const {
  return number(impl_->sqlite, "SELECT count(*) FROM runs WHERE status <> 'ok' OR NOT expectations_met") == 0;
}

int Database::forget_running() {
  Transaction transaction(impl_->sqlite);
  const auto forgotten = static_cast<int>(number(impl_->sqlite, "SELECT count(*) FROM runs WHERE status = 'running'"));
  Statement(impl_->sqlite, "UPDATE attempts SET outcome = 'killed' WHERE outcome = 'running'").run();
  Statement(impl_->sqlite, "UPDATE runs SET status = 'pending' WHERE status = 'running'").run();
  transaction.commit();
  return forgotten;
}

std::int64_t Database::begin_attempt(std::int64_t run, const std::string& folder, int at_once) {
  const double now = seconds_since_epoch();
  Transaction transaction(impl_->sqlite);
  Statement(impl_->sqlite,
            "UPDATE runs SET status = 'running', attempts = attempts + 1, folder = ?, started = ? WHERE id = ?")
      .run(folder, now, run);
  Statement(impl_->sqlite, "INSERT INTO attempts (run, started, at_once, outcome) VALUES (?, ?, ?, 'running')")
      .run(run, now, at_once);
  const std::int64_t attempt = number(impl_->sqlite, "SELECT last_insert_rowid()");
  transaction.commit();
  return attempt;
}

void Database::end_attempt(std::int64_t attempt, const RunResult& result, const std::string& status) {
  Transaction transaction(impl_->sqlite);
  const std::int64_t run = number(impl_->sqlite, fmt::format("SELECT run FROM attempts WHERE id = {}", attempt));
  Statement(impl_->sqlite,
            "UPDATE attempts SET ended = ?, outcome = ?, repeated = ?, verdict = ?, error = ? WHERE id = ?")
      .run(seconds_since_epoch(), std::string(to_string(result.outcome)), status == "pending" ? 1 : 0, result.verdict,
           result.error, attempt);
  const bool ok = status == "ok";
  Statement(impl_->sqlite,
            "UPDATE runs SET status = ?, verdict = ?, wall_seconds = ?, round_s = ?, expectations_met = ?, error = ? "
            "WHERE id = ?")
      .run(status, ok ? result.verdict : std::nullopt, ok ? std::optional(result.wall_seconds) : std::nullopt,
           ok ? result.round_s : std::nullopt, ok ? std::optional(result.expectations_met ? 1 : 0) : std::nullopt,
           ok ? std::nullopt : result.error, run);
  Statement(impl_->sqlite, "DELETE FROM metrics WHERE run = ?").run(run);
  if (ok) {
    Statement row(impl_->sqlite, "INSERT INTO metrics VALUES (?, ?, ?)");
    for (const auto& [name, value] : result.metrics) row.run(run, name, value);
  }
  transaction.commit();
}

}  // namespace geomx::sweep
