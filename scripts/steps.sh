# shellcheck shell=bash
# How the scripts of this folder talk: sourced, not run. Every step has a name; a step that fails says which one it was and
# shows the end of what it wrote, so nothing fails in silence.

say() { printf '%s\n' "$*"; }
fail() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# quietly LOG NAME COMMAND...: runs the command with its output in LOG, which is shown only if it fails.
quietly() {
  local log=$1 name=$2
  shift 2
  mkdir -p "$(dirname "$log")"
  if ! "$@" >"$log" 2>&1 </dev/null; then
    printf '%s: %s failed. The last lines of %s:\n' "${0##*/}" "$name" "$log" >&2
    tail -n 25 "$log" >&2
    exit 1
  fi
}

# How many jobs to run at once: one per processor, and no more than one per GiB of free memory, since a unit with Beast
# takes about that much.
job_count() {
  local processors free
  processors=$(nproc)
  free=$(awk '/^MemAvailable:/ { print int($2 / 1048576) }' /proc/meminfo 2>/dev/null)
  if [ "${free:-0}" -ge 1 ] && [ "$free" -lt "$processors" ]; then echo "$free"; else echo "$processors"; fi
}
