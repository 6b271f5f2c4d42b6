#!/usr/bin/env bash
# The same star, N hosts on one Linux bridge, brought up and taken down by Mininet (where `mn` and `brctl` are
# installed: Debian's packages mininet and bridge-utils) and by geomx-emu, in one run. Needs root, for Mininet.
# Usage: tests/bench/mininet_comparison.sh [HOSTS...]        (default: 10 100 300)
set -euo pipefail
cd "$(dirname "$0")/../.."
emu=build/release/bin/geomx-emu
[ -x "$emu" ] || { echo "build first: ./bootstrap build" >&2; exit 1; }
[ $# -gt 0 ] || set -- 10 100 300

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export GEOMX_EMU_RUNTIME_DIR=$scratch/labs

seconds() {  # COMMAND...: how long it takes
  local begin end
  begin=$(date +%s.%N)
  "$@" >"$scratch/log" 2>&1 || { cat "$scratch/log" >&2; return 1; }
  end=$(date +%s.%N)
  awk "BEGIN {printf \"%.2f\", $end - $begin}"
}

# In namespaces of its own: Mininet leaves its interfaces where it runs, and its switches in the host's network.
mininet() {  # HOSTS
  timeout 300 unshare --net --mount --propagation private sh -c \
    "ip link set lo up && exec mn --topo single,$1 --switch lxbr --controller none --test none"
}

can_compare=no
if command -v mn >/dev/null && command -v brctl >/dev/null && [ "$(id -u)" = 0 ]; then can_compare=yes; fi
[ $can_compare = yes ] || echo "mn, brctl or root is missing: Mininet is not measured"

printf '%6s %22s %22s %8s\n' hosts 'geomx-emu up+down [s]' 'mininet up+down [s]' ratio
for hosts in "$@"; do
  "$emu" generate star --hosts "$hosts" --name star -o "$scratch/star.json" >/dev/null
  ours=$(seconds sh -c "$emu up $scratch/star.json --detach && $emu down star")
  theirs=- ratio=-
  if [ $can_compare = yes ]; then
    theirs=$(seconds mininet "$hosts")
    ratio=$(awk "BEGIN {printf \"%.1f\", $theirs / $ours}")
  fi
  printf '%6s %22s %22s %8s\n' "$hosts" "$ours" "$theirs" "$ratio"
done
