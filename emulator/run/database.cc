#include "emulator/run/database.h"

#include <sqlite3.h>

#include <algorithm>
#include <optional>

#include "emulator/base/error.h"

namespace geomx::run {
namespace {

// A link has two rows, one per direction: id = 2 * (its index in the plan) + (0 forward, 1 backward).
constexpr const char* kSchema = R"(
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA user_version = 1;
CREATE TABLE nodes (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, kind TEXT NOT NULL, datacenter TEXT,
                    role TEXT, address TEXT);
CREATE TABLE links (id INTEGER PRIMARY KEY, name TEXT NOT NULL, direction TEXT NOT NULL, scope TEXT NOT NULL,
                    from_node TEXT NOT NULL, to_node TEXT NOT NULL, shaper TEXT NOT NULL, rate_bits_per_second INTEGER,
                    delay_nanoseconds INTEGER NOT NULL, jitter_nanoseconds INTEGER NOT NULL, loss REAL NOT NULL);
CREATE TABLE link_samples (time REAL NOT NULL, link INTEGER NOT NULL REFERENCES links(id), packets INTEGER NOT NULL,
                           bytes INTEGER NOT NULL, dropped_queue INTEGER NOT NULL, dropped_loss INTEGER NOT NULL,
                           backlog_bytes INTEGER NOT NULL, busy_nanoseconds INTEGER NOT NULL,
                           busy_bytes INTEGER NOT NULL, delay_nanoseconds INTEGER, lateness_p99_nanoseconds INTEGER,
                           overruns INTEGER NOT NULL);
CREATE TABLE steps (time REAL NOT NULL, node TEXT NOT NULL, round INTEGER NOT NULL, epoch INTEGER NOT NULL, loss REAL,
                    samples INTEGER NOT NULL, compute_ms REAL NOT NULL, communicate_ms REAL NOT NULL);
CREATE TABLE evaluations (time REAL NOT NULL, node TEXT NOT NULL, round INTEGER NOT NULL, epoch INTEGER NOT NULL,
                          test_accuracy REAL NOT NULL, test_loss REAL, samples INTEGER NOT NULL,
                          evaluate_ms REAL NOT NULL);
CREATE TABLE rounds (time REAL NOT NULL, node TEXT NOT NULL, round INTEGER NOT NULL, gather_ms REAL NOT NULL,
                     compute_ms REAL NOT NULL, push_ms REAL NOT NULL, wait_ms REAL NOT NULL, pull_ms REAL NOT NULL);
CREATE TABLE absences (time REAL NOT NULL, node TEXT NOT NULL, round INTEGER NOT NULL, workers INTEGER NOT NULL);
CREATE TABLE fidelity (time REAL NOT NULL, link INTEGER NOT NULL REFERENCES links(id), judgement TEXT NOT NULL,
                       rate_bits_per_second REAL, delay_nanoseconds REAL, loss REAL, late REAL);
CREATE TABLE machine (time REAL NOT NULL, cpu_pressure REAL, cpu_busy REAL, steal REAL, lab_waited REAL);
CREATE TABLE events (time REAL NOT NULL, kind TEXT NOT NULL, object TEXT, detail TEXT);
)";

struct CloseDatabase {
  void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Handle = std::unique_ptr<sqlite3, CloseDatabase>;

class Statement {
 public:
  Statement(sqlite3* handle, const std::string& file, const char* sql) : handle_(handle), file_(file) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(handle, sql, -1, &statement, nullptr) != SQLITE_OK) fail("prepare a statement");
    statement_.reset(statement);
  }

  // Binds the values in order and runs the statement once.
  template <typename... Values>
  void run(const Values&... values) {
    int index = 0;
    (bind(++index, values), ...);
    const int result = sqlite3_step(statement_.get());
    sqlite3_reset(statement_.get());
    if (result != SQLITE_DONE) fail("write a row");
  }

 private:
  void bind(int index, const std::string& text) {
    sqlite3_bind_text(statement_.get(), index, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
  }
  void bind(int index, const char* text) { sqlite3_bind_text(statement_.get(), index, text, -1, SQLITE_TRANSIENT); }
  void bind(int index, double value) { sqlite3_bind_double(statement_.get(), index, value); }
  void bind(int index, std::int64_t value) { sqlite3_bind_int64(statement_.get(), index, value); }
  void bind(int index, std::uint64_t value) { bind(index, static_cast<std::int64_t>(value)); }
  template <typename Value>
  void bind(int index, const std::optional<Value>& value) {
    if (value) {
      bind(index, *value);
    } else {
      sqlite3_bind_null(statement_.get(), index);
    }
  }
  [[noreturn]] void fail(const char* attempt) const {
    throw WorkError(file_, std::string(attempt) + ": " + sqlite3_errmsg(handle_));
  }

  sqlite3* handle_;
  std::string file_;
  std::unique_ptr<sqlite3_stmt, FinalizeStatement> statement_;
};

void execute(sqlite3* handle, const std::string& file, const char* sql, const char* attempt) {
  if (sqlite3_exec(handle, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    throw WorkError(file, std::string(attempt) + ": " + sqlite3_errmsg(handle));
  }
}

Handle open_database(const std::string& file) {
  sqlite3* opened = nullptr;
  const int result = sqlite3_open(file.c_str(), &opened);
  Handle handle(opened);
  if (result != SQLITE_OK) throw WorkError(file, std::string("open: ") + sqlite3_errstr(result));
  sqlite3_busy_timeout(handle.get(), 2000);  // a reader may hold the file for a moment
  execute(handle.get(), file, kSchema, "create the tables");
  return handle;
}

std::optional<std::int64_t> unless_negative(std::int64_t value) {
  return value < 0 ? std::nullopt : std::optional(value);
}

}  // namespace

struct Database::Impl {
  explicit Impl(const std::filesystem::path& path) : file(path.string()), handle(open_database(file)) {}

  void begin() {
    if (in_transaction) return;
    execute(handle.get(), file, "BEGIN", "begin a transaction");
    in_transaction = true;
  }

  std::string file;
  Handle handle;
  bool in_transaction = false;
  Statement sample{handle.get(), file, "INSERT INTO link_samples VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"};
  Statement step{handle.get(), file, "INSERT INTO steps VALUES (?,?,?,?,?,?,?,?)"};
  Statement evaluation{handle.get(), file, "INSERT INTO evaluations VALUES (?,?,?,?,?,?,?,?)"};
  Statement round{handle.get(), file, "INSERT INTO rounds VALUES (?,?,?,?,?,?,?,?)"};
  Statement absence{handle.get(), file, "INSERT INTO absences VALUES (?,?,?,?)"};
  Statement fidelity{handle.get(), file, "INSERT INTO fidelity VALUES (?,?,?,?,?,?,?)"};
  Statement machine{handle.get(), file, "INSERT INTO machine VALUES (?,?,?,?,?)"};
  Statement event{handle.get(), file, "INSERT INTO events VALUES (?,?,?,?)"};
};

Database::Database(const std::filesystem::path& path, const std::vector<NodeRow>& nodes,
                   const std::vector<lab::PlannedLink>& links)
    : impl_(std::make_unique<Impl>(path)) {
  impl_->begin();
  Statement node(impl_->handle.get(), impl_->file,
                 "INSERT INTO nodes (name, kind, datacenter, role, address) VALUES (?,?,?,?,?)");
  const auto word = [](const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); };
  for (const NodeRow& row : nodes) {
    node.run(row.name, row.kind, word(row.datacenter), word(row.role), word(row.address));
  }
  Statement link(impl_->handle.get(), impl_->file, "INSERT INTO links VALUES (?,?,?,?,?,?,?,?,?,?,?)");
  std::int64_t id = 0;
  for (const lab::PlannedLink& planned : links) {
    for (int from = 0; from < 2; ++from, ++id) {
      const shaper::Direction& direction = from == 0 ? planned.forward : planned.backward;
      std::optional<std::int64_t> rate;
      if (direction.rate) rate = static_cast<std::int64_t>(direction.rate->value);
      link.run(id, planned.name, from == 0 ? "forward" : "backward", lab::to_string(planned.scope),
               planned.ends[from].node, planned.ends[1 - from].node, lab::to_string(planned.shaper), rate,
               std::int64_t{direction.delay.count()}, std::int64_t{direction.jitter.count()}, mean_loss(direction));
    }
  }
  flush();
}

Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;

Database::~Database() {
  if (!impl_) return;
  try {
    flush();
  } catch (const Error&) {
    // The owner has flushed where it mattered; a destructor has nobody to tell.
  }
}

void Database::add_link_sample(double time, std::size_t link, const control::LinkCounters& counters) {
  impl_->begin();
  std::int64_t id = 2 * static_cast<std::int64_t>(link);
  for (const control::DirectionCounters* direction : {&counters.forward, &counters.backward}) {
    impl_->sample.run(time, id++, direction->packets, direction->bytes, direction->dropped_queue,
                      direction->dropped_loss, direction->backlog_bytes, direction->busy_nanoseconds,
                      direction->busy_bytes, unless_negative(direction->delay_nanoseconds),
                      unless_negative(direction->lateness_p99_nanoseconds), direction->overruns);
  }
}

void Database::add_step(double time, const std::string& node, const Step& step) {
  impl_->begin();
  impl_->step.run(time, node, step.round, step.epoch, step.loss, step.samples, step.compute_ms, step.communicate_ms);
}

void Database::add_evaluation(double time, const std::string& node, const Evaluation& evaluation) {
  impl_->begin();
  impl_->evaluation.run(time, node, evaluation.round, evaluation.epoch, evaluation.test_accuracy, evaluation.test_loss,
                        evaluation.samples, evaluation.evaluate_ms);
}

void Database::add_round(double time, const std::string& node, const Round& round) {
  impl_->begin();
  impl_->round.run(time, node, round.round, round.gather_ms, round.compute_ms, round.push_ms, round.wait_ms,
                   round.pull_ms);
}

void Database::add_absence(double time, const std::string& node, const Absence& absence) {
  impl_->begin();
  impl_->absence.run(time, node, absence.round, absence.workers);
}

void Database::add_event(double time, const std::string& kind, const std::string& object, const std::string& detail) {
  impl_->begin();
  impl_->event.run(time, kind, object, detail);
}

void Database::add_fidelity(double time, const Monitored& monitored, const std::vector<lab::PlannedLink>& links) {
  impl_->begin();
  const MachineShares& machine = monitored.machine;
  impl_->machine.run(time, machine.cpu_pressure, machine.cpu_busy, machine.steal, machine.lab_waited);
  for (const MonitoredWindow& window : monitored.windows) {
    const auto link = std::find_if(links.begin(), links.end(),
                                   [&](const lab::PlannedLink& each) { return each.name == window.link; });
    if (link == links.end()) continue;  // it was added to the lab since
    const std::int64_t id = 2 * (link - links.begin()) + (window.forward ? 0 : 1);
    const auto delay = window.delay ? std::optional(1e9 * *window.delay) : std::nullopt;
    impl_->fidelity.run(time, id, window.now, window.bits_per_second, delay, window.loss, window.late);
  }
}

void Database::flush() {
  if (!impl_->in_transaction) return;
  execute(impl_->handle.get(), impl_->file, "COMMIT", "commit");
  impl_->in_transaction = false;
}

}  // namespace geomx::run
