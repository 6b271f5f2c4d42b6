#pragma once

#include <string>

namespace geomx::sandbox {

// Settings under /proc/sys by their dotted names ("net.ipv4.ip_forward"); those of the network belong to the calling
// thread's network namespace. Both throw SystemError naming the setting.
void write_sysctl(const std::string& name, const std::string& value);
std::string read_sysctl(const std::string& name);  // without the newline

// false where the kernel refuses it or does not have it.
bool try_write_sysctl(const std::string& name, const std::string& value);

}  // namespace geomx::sandbox
