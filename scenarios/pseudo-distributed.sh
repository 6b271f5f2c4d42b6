#!/usr/bin/env bash
# The deployment guide's pseudo-distributed deployment: the 12 processes of the demo on 127.0.0.1, told who they are by
# environment variables and nothing else. No emulator, no root.
#
#   scenarios/pseudo-distributed.sh [--base-port P] [--out FOLDER] [WORKER OPTIONS...]
#
# Worker options go to geomx-node as they are (geomx-node --help): --rounds 100, --epoch 2, --dataset mnist,
# --learning-rate 0.001, ... Without any, one epoch of Fashion-MNIST.
#
#   --base-port P    global scheduler on P (9092), local schedulers of the central party, A and B on P+1, P+2, P+3
#   --out FOLDER     a log per process (default: a new folder under ${TMPDIR:-/tmp}, which is printed)
#   GEOMX_NODE       the program (default: build/release/bin/geomx-node)
#
# Purpose: a first try without a network, and a start for deployments by hand. Expected result: test accuracy of at
# least 0.80 after one epoch of Fashion-MNIST. Exit status: 0 where all 12 have ended well, else 1, and what is still running is ended.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
node=${GEOMX_NODE:-$root/build/release/bin/geomx-node}
base_port=9092
out=
worker_options=()
while [ $# -gt 0 ]; do
  case $1 in
    --base-port) base_port=${2:?--base-port wants a number}; shift 2 ;;
    --out) out=${2:?--out wants a folder}; shift 2 ;;
    -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) worker_options+=("$1"); shift ;;
  esac
done
[ ${#worker_options[@]} -gt 0 ] || worker_options=(--epoch 1 --learning-rate 0.001)
[[ " ${worker_options[*]} " == *" --device"[\ =]* ]] || worker_options+=(--cpu)
[ -x "$node" ] || { echo "pseudo-distributed: no program at $node (./bootstrap build, or set GEOMX_NODE)" >&2; exit 1; }
[ -n "$out" ] || out=$(mktemp -d "${TMPDIR:-/tmp}/geomx-pseudo-distributed-XXXXXX")
mkdir -p "$out"

# What the shell has set for other purposes must not reach the nodes.
while read -r variable; do
  case $variable in
    DMLC_INTERFACE) ;;
    PORT | DMLC_*) unset "$variable" ;;
  esac
done < <(compgen -e)

declare -A name_of=()  # process id -> role, of those that still run

end_the_rest() {
  [ ${#name_of[@]} -eq 0 ] || kill "${!name_of[@]}" 2>/dev/null || true
  wait
}
trap end_the_rest EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

start() {  # NAME VARIABLE=VALUE... [-- ARGUMENT...]
  local name=$1 variables=()
  shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do variables+=("$1"); shift; done
  [ $# -eq 0 ] || shift
  env "${variables[@]}" PS_VERBOSE="${PS_VERBOSE:-1}" DMLC_INTERFACE="${DMLC_INTERFACE:-lo}" \
    "$node" "$@" >"$out/$name.log" 2>&1 </dev/null &
  name_of[$!]=$name
}

global=(DMLC_PS_GLOBAL_ROOT_URI=127.0.0.1 DMLC_PS_GLOBAL_ROOT_PORT="$base_port"
  DMLC_NUM_GLOBAL_SERVER=1 DMLC_NUM_GLOBAL_WORKER=2)
central=(DMLC_PS_ROOT_URI=127.0.0.1 DMLC_PS_ROOT_PORT=$((base_port + 1)) DMLC_NUM_SERVER=1 DMLC_NUM_WORKER=1)

# The central party.
start global-scheduler DMLC_ROLE_GLOBAL=global_scheduler "${global[@]}"
start central-scheduler DMLC_ROLE=scheduler "${central[@]}"
start global-server DMLC_ROLE_GLOBAL=global_server "${global[@]}" DMLC_ROLE=server "${central[@]}" \
  DMLC_ENABLE_CENTRAL_WORKER=0 DMLC_NUM_ALL_WORKER=4
start master DMLC_ROLE=worker DMLC_ROLE_MASTER_WORKER=1 "${central[@]}" DMLC_NUM_ALL_WORKER=4 -- \
  "${worker_options[@]}"

# Parties A and B.
slice=0
for party in a b; do
  port=$((base_port + 2))
  [ $party = a ] || port=$((base_port + 3))
  local_plane=(DMLC_PS_ROOT_URI=127.0.0.1 DMLC_PS_ROOT_PORT="$port" DMLC_NUM_SERVER=1 DMLC_NUM_WORKER=2)
  start $party-scheduler DMLC_ROLE=scheduler "${local_plane[@]}"
  start $party-server "${global[@]}" DMLC_ROLE=server "${local_plane[@]}"
  for worker in 0 1; do
    start $party-worker-$worker DMLC_ROLE=worker "${local_plane[@]}" DMLC_NUM_ALL_WORKER=4 -- \
      --data-slice-idx $slice "${worker_options[@]}"
    slice=$((slice + 1))
  done
done
echo "12 processes run; logs in $out"

while [ ${#name_of[@]} -gt 0 ]; do
  status=0
  wait -n -p ended "${!name_of[@]}" || status=$?
  name=${name_of[$ended]}
  unset "name_of[$ended]"
  if [ $status -ne 0 ]; then
    echo "pseudo-distributed: $name failed with status $status: $(tail -n 1 "$out/$name.log")" >&2
    exit 1
  fi
done
grep 'test accuracy' "$out/a-worker-0.log" | tail -n 1 || true
