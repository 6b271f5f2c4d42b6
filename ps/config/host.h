#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// What this host says about its own addresses. All IPv4, dotted.
namespace geomx::ps {

// "10.1.0.2" as a number that sorts as addresses do; nullopt where it is no address.
std::optional<std::uint32_t> ipv4_number(const std::string& ipv4);
bool is_loopback(const std::string& ipv4);

// The first address of an interface; nullopt where there is no such interface or it has no IPv4 address.
std::optional<std::string> address_of_interface(const std::string& name);
std::vector<std::string> interfaces_with_address();
bool is_local_address(const std::string& ipv4);

// The address that this host would send from to reach `ipv4` (no packet is sent); nullopt where there is no route.
std::optional<std::string> source_towards(const std::string& ipv4);

}  // namespace geomx::ps
