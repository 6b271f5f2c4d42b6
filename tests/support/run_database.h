#pragma once

#include <filesystem>
#include <string>
#include <vector>

// A run folder's run.sqlite as tests and benchmarks read it. Errors: std::runtime_error.
namespace geomx::test {

// The first column of what a query finds.
std::vector<double> query(const std::filesystem::path& run_folder, const std::string& sql);
double single(const std::filesystem::path& run_folder, const std::string& sql);  // of one row

// Seconds of each round but the first, as the slowest worker has it; there must be some.
std::vector<double> round_seconds(const std::filesystem::path& run_folder);

double median(std::vector<double> values);  // REQUIRES: some
double mean(const std::vector<double>& values, std::size_t begin, std::size_t end);

}  // namespace geomx::test
