#pragma once

#include <cstdint>
#include <string>
#include <vector>

// Source NAT by nftables, in the calling thread's network namespace. Needs nf_tables and nft_masq of the kernel (loaded
// by it on demand), and no `nft` program. Any thread; each call opens a socket of its own, and waits for the kernel at
// most 10 s. All throw SystemError naming the table.
namespace geomx::netlink {

// Which packets get the address of the interface by which they leave, in place of their sender's.
struct Masquerade {
  std::uint32_t source = 0;     // those from this address, host byte order; 0: from any
  std::string out_interface{};  // those that leave here; empty: anywhere
};

// Makes a table of that name ("geomx-emu-...") for IPv4 with these rules, all at once or, where the kernel refuses
// anything of it, not at all. EEXIST where there is one of that name already.
void add_masquerade(const std::string& table, const std::vector<Masquerade>& rules);

bool remove_table(const std::string& table);  // and all in it; false: there is none of that name
std::vector<std::string> list_tables();       // names of the IPv4 tables

}  // namespace geomx::netlink
