#include "emulator/run/database_reader.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>

#include "emulator/base/error.h"

namespace geomx::run {
namespace {

constexpr int kBusyMilliseconds = 1000;  // the writer commits for a moment

struct CloseDatabase {
  void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Handle = std::unique_ptr<sqlite3, CloseDatabase>;

// A query over the rows that came after one; the first column is the row's number.
class Query {
 public:
  Query(sqlite3* handle, std::string file, const std::string& sql) : handle_(handle), file_(std::move(file)) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(handle, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) fail("prepare a query");
    statement_.reset(statement);
  }

  // Returns how many there were.
  template <typename Use>
  std::int64_t run(std::int64_t& after, std::int64_t limit, const Use& use) {
    sqlite3_bind_int64(statement_.get(), 1, after);
    sqlite3_bind_int64(statement_.get(), 2, limit);
    std::int64_t rows = 0;
    int result = SQLITE_ROW;
    while ((result = sqlite3_step(statement_.get())) == SQLITE_ROW) {
      after = integer(0);
      use(*this);
      ++rows;
    }
    sqlite3_reset(statement_.get());  // ends the read, so that the writer's log can be put away
    if (result != SQLITE_DONE) fail("read");
    return rows;
  }
  void bind(int index, const std::string& text) {
    sqlite3_bind_text(statement_.get(), index, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
  }

  double real(int column) const { return sqlite3_column_double(statement_.get(), column); }
  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  std::uint64_t count(int column) const {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, integer(column)));
  }
  std::optional<double> real_or_none(int column) const {
    if (sqlite3_column_type(statement_.get(), column) == SQLITE_NULL) return std::nullopt;
    return real(column);
  }
  std::string text(int column) const {
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
    return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
  }

 private:
  [[noreturn]] void fail(const char* attempt) const {
    throw WorkError(file_, std::string(attempt) + ": " + sqlite3_errmsg(handle_));
  }

  sqlite3* handle_;
  std::string file_;
  std::unique_ptr<sqlite3_stmt, FinalizeStatement> statement_;
};

std::string uri_of(const std::string& path, const char* options) {
  std::string uri = "file:";
  for (const char c : path) uri += c == '?' || c == '#' || c == '%' ? fmt::format("%{:02x}", c) : std::string(1, c);
  return uri + options;
}

Handle open(const std::string& file, const char* options) {
  sqlite3* opened = nullptr;
  const int result =
      sqlite3_open_v2(uri_of(file, options).c_str(), &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nullptr);
  Handle handle(opened);
  if (result != SQLITE_OK) throw WorkError(file, std::string("open: ") + sqlite3_errstr(result));
  sqlite3_busy_timeout(handle.get(), kBusyMilliseconds);
  return handle;
}

// A database with a write-ahead log wants a file of its own beside it even of its readers. Where none can be made
// nobody writes, and the file may be taken as it is.
Handle open(const std::string& file) {
  Handle handle = open(file, "");
  if (sqlite3_exec(handle.get(), "SELECT 1 FROM nodes", nullptr, nullptr, nullptr) == SQLITE_CANTOPEN) {
    handle = open(file, "?immutable=1");
  }
  return handle;
}

std::string after_row(const char* columns, const char* table) {
  return fmt::format("SELECT rowid, {} FROM {} WHERE rowid > ? ORDER BY rowid LIMIT ?", columns, table);
}

// One row per look at all links, which are written in one transaction; its number is that of its last sample.
constexpr const char* kWan =
    "SELECT max(s.rowid), s.time, sum(s.bytes) FROM link_samples s JOIN links l ON l.id = s.link "
    "WHERE s.rowid > ? AND l.scope = 'wan' GROUP BY s.time ORDER BY s.time LIMIT ?";

constexpr const char* kLinkSamples =
    "SELECT s.rowid, s.time, l.direction = 'forward', s.bytes, s.dropped_queue, s.dropped_loss, s.overruns, "
    "s.backlog_bytes, s.delay_nanoseconds FROM link_samples s JOIN links l ON l.id = s.link "
    "WHERE s.rowid > ? AND l.name = ?3 ORDER BY s.rowid LIMIT ?2";

}  // namespace

struct DatabaseReader::Impl {
  explicit Impl(const std::filesystem::path& path) : file(path.string()), handle(open(file)) {}

  std::string file;
  Handle handle;
  Query steps{handle.get(), file, after_row("time, node, round, loss, samples, compute_ms, communicate_ms", "steps")};
  Query evaluations{handle.get(), file, after_row("time, node, round, test_accuracy, test_loss", "evaluations")};
  Query rounds{handle.get(), file,
               after_row("time, node, round, gather_ms, compute_ms, push_ms, wait_ms, pull_ms", "rounds")};
  Query events{handle.get(), file, after_row("time, kind, object, detail", "events")};
  Query wan{handle.get(), file, kWan};
  Query samples{handle.get(), file, kLinkSamples};
  struct {
    std::int64_t step = 0, evaluation = 0, round = 0, event = 0, wan = 0;
  } last;  // rows that have been read
};

DatabaseReader::DatabaseReader(const std::filesystem::path& path) : impl_(std::make_unique<Impl>(path)) {}
DatabaseReader::DatabaseReader(DatabaseReader&&) noexcept = default;
DatabaseReader& DatabaseReader::operator=(DatabaseReader&&) noexcept = default;
DatabaseReader::~DatabaseReader() = default;

DatabaseRows DatabaseReader::next(std::int64_t limit) {
  DatabaseRows rows;
  auto last = impl_->last;  // where one query fails, the others' rows come again
  const auto all_of = [&](Query& query, std::int64_t& after, const auto& use) {
    rows.more = query.run(after, limit, use) == limit || rows.more;
  };
  all_of(impl_->steps, last.step, [&](const Query& row) {
    rows.steps.push_back(
        {row.real(1), row.text(2), row.integer(3), row.real_or_none(4), row.integer(5), row.real(6), row.real(7)});
  });
  all_of(impl_->evaluations, last.evaluation, [&](const Query& row) {
    rows.evaluations.push_back({row.real(1), row.text(2), row.integer(3), row.real(4), row.real_or_none(5)});
  });
  all_of(impl_->rounds, last.round, [&](const Query& row) {
    rows.rounds.push_back(
        {row.real(1), row.text(2), row.integer(3), row.real(4), row.real(5), row.real(6), row.real(7), row.real(8)});
  });
  all_of(impl_->events, last.event, [&](const Query& row) {
    rows.events.push_back({row.real(1), row.text(2), row.text(3), row.text(4)});
  });
  all_of(impl_->wan, last.wan, [&](const Query& row) { rows.wan.push_back({row.real(1), row.real(2)}); });
  impl_->last = last;
  return rows;
}

std::vector<LinkSampleRow> DatabaseReader::link_samples(const std::string& link, std::int64_t& after,
                                                        std::int64_t limit) {
  std::vector<LinkSampleRow> rows;
  std::int64_t last = after;
  impl_->samples.bind(3, link);
  impl_->samples.run(last, limit, [&](const Query& row) {
    const std::optional<double> delay = row.real_or_none(8);
    rows.push_back({row.real(1), row.integer(2) != 0, row.count(3), row.count(4), row.count(5), row.count(6),
                    row.count(7), delay ? std::optional(*delay / 1e6) : std::nullopt});
  });
  after = last;
  return rows;
}

}  // namespace geomx::run
