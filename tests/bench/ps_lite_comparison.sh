#!/usr/bin/env bash
# Push and pull of one tensor between one worker and one server on loopback, by ps-lite and by ps_bench, one after the
# other, the worker on core 0 and the server on core 1; with --unpinned on any core. Builds ps-lite
# (github.com/dmlc/ps-lite) from a checkout with the libraries that geomx-emu is built with.
# Usage: tests/bench/ps_lite_comparison.sh PS_LITE_CHECKOUT [--unpinned]
set -euo pipefail
cd "$(dirname "$0")/../.."
[ -f "${1:-}/include/ps/ps.h" ] || { echo "usage: $0 PS_LITE_CHECKOUT [--unpinned] (a clone of dmlc/ps-lite)" >&2; exit 2; }
[ -x build/release/bin/ps_bench ] || { echo "build first: ./bootstrap bench ps" >&2; exit 1; }
ps_lite=$(realpath "$1")
pinning=(${2:+"$2"})
on_core() {  # CORE COMMAND...
  if [ ${#pinning[@]} -gt 0 ]; then "${@:2}"; else taskset -c "$@"; fi
}

scratch=$(mktemp -d)
nodes=()
trap 'for node in "${nodes[@]}"; do kill "$node" 2>/dev/null || true; done; rm -rf "$scratch"' EXIT

protoc --cpp_out="$scratch" --proto_path="$ps_lite/src" "$ps_lite/src/meta.proto"
g++ -std=c++17 -O3 -march=native -w -I"$scratch" -I"$ps_lite/src" -I"$ps_lite/include" -o "$scratch/node" \
  tests/bench/ps_lite_round_trip.cc "$ps_lite"/src/{customer,postoffice,van}.cc "$scratch/meta.pb.cc" \
  -lzmq -lprotobuf -pthread

export DMLC_NUM_SERVER=1 DMLC_NUM_WORKER=1 DMLC_PS_ROOT_URI=127.0.0.1 DMLC_NODE_HOST=127.0.0.1
DMLC_PS_ROOT_PORT=$(shuf -i 20000-30000 -n 1)
export DMLC_PS_ROOT_PORT
for role in scheduler server; do
  DMLC_ROLE=$role on_core 1 timeout 300 "$scratch/node" 2>"$scratch/$role.log" &
  nodes+=($!)
done
DMLC_ROLE=worker on_core 0 timeout 300 "$scratch/node" >"$scratch/theirs" 2>"$scratch/worker.log" ||
  { cat "$scratch"/*.log >&2; exit 1; }
wait

build/release/bin/ps_bench "${pinning[@]}" >"$scratch/ours"
awk 'function us(number, unit) { return unit == "ms" ? 1000 * number : number }
     NR == FNR { apart[$1] = $2; fused[$1] = $3; next }
     $2 ~ /^[KM]iB$/ && $4 ~ /^[mu]s$/ {
       bytes = $1 * ($2 == "KiB" ? 1024 : 1048576); ours = us($3, $4)
       printf "%4d %s  geomx %10.1f us   ps-lite: push, pull %10.1f us (%.1fx), fused %10.1f us (%.1fx)\n",
              $1, $2, ours, apart[bytes], apart[bytes] / ours, fused[bytes], fused[bytes] / ours
     }' "$scratch/theirs" "$scratch/ours"
