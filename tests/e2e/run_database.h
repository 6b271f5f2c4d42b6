#pragma once

#include <filesystem>
#include <string>
#include <vector>

// A run folder's run.sqlite as tests read it.
namespace geomx::test {

// The first column of what a query finds; a failure of the test, and nothing, where it cannot be asked.
std::vector<double> query(const std::filesystem::path& run_folder, const std::string& sql);

double median(std::vector<double> values);  // REQUIRES: some
double mean(const std::vector<double>& values, std::size_t begin, std::size_t end);

}  // namespace geomx::test
