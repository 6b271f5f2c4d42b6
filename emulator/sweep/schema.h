#pragma once

// The tables of sweep.sqlite; docs/sweeps.md says what they hold. Internal to this folder.
namespace geomx::sweep {

inline constexpr int kSchemaVersion = 1;

inline constexpr const char* kSchema = R"(
CREATE TABLE sweep (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE parameters (id INTEGER PRIMARY KEY, path TEXT UNIQUE NOT NULL, label TEXT UNIQUE NOT NULL);
CREATE TABLE parameter_values (id INTEGER PRIMARY KEY, parameter INTEGER NOT NULL REFERENCES parameters(id),
                               value TEXT NOT NULL, number REAL, UNIQUE (parameter, value));
CREATE TABLE points (id INTEGER PRIMARY KEY, label TEXT NOT NULL, seed INTEGER NOT NULL, scenario TEXT NOT NULL);
CREATE TABLE point_values (point INTEGER NOT NULL REFERENCES points(id),
                           parameter INTEGER NOT NULL REFERENCES parameters(id),
                           value INTEGER NOT NULL REFERENCES parameter_values(id),
                           PRIMARY KEY (point, parameter)) WITHOUT ROWID;
CREATE TABLE runs (id INTEGER PRIMARY KEY, point INTEGER NOT NULL REFERENCES points(id), repetition INTEGER NOT NULL,
                   seed INTEGER NOT NULL,
                   status TEXT NOT NULL CHECK (status IN ('pending', 'running', 'ok', 'failed')),
                   verdict TEXT, attempts INTEGER NOT NULL DEFAULT 0, folder TEXT, started REAL, wall_seconds REAL,
                   round_s REAL, predicted_round_s REAL, expectations_met INTEGER, error TEXT,
                   UNIQUE (point, repetition));
CREATE INDEX runs_by_status ON runs (status);
CREATE TABLE attempts (id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs(id), started REAL NOT NULL,
                       ended REAL, at_once INTEGER NOT NULL,
                       outcome TEXT NOT NULL CHECK (outcome IN ('running', 'ok', 'failed', 'interrupted', 'killed')),
                       repeated INTEGER NOT NULL DEFAULT 0, verdict TEXT, error TEXT);
CREATE INDEX attempts_by_run ON attempts (run);
CREATE TABLE metrics (run INTEGER NOT NULL REFERENCES runs(id), name TEXT NOT NULL, value REAL NOT NULL,
                      PRIMARY KEY (run, name)) WITHOUT ROWID;
CREATE INDEX metrics_by_name ON metrics (name, run);
)";

}  // namespace geomx::sweep
