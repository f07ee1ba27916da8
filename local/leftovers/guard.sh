# Removes what a process leaves behind. Each line of the input lists all of it, separated by tabs: a process
# as signal and id, "INT:123", or as "TERM:-123", which is its whole group; a file or folder by its absolute
# path. When the input ends, the process has ended, in whatever way, and the last line counts.

left=
while IFS= read -r line; do left=$line; done

IFS=$(printf '\t')
set -f
set -- $left

# Usage: signal_all [SIGNAL] ITEM...; succeeds if a process was there.
signal_all() {
  signal=$1
  found=1
  shift
  for item; do
    case $item in
      /*) ;;
      *) kill -s "${signal:-${item%%:*}}" -- "${item#*:}" 2>/dev/null && found=0 ;;
    esac
  done
  return $found
}

signal_all '' "$@"
tries=0
while signal_all 0 "$@"; do
  tries=$((tries + 1))
  [ $tries -eq 80 ] && signal_all KILL "$@"
  [ $tries -gt 100 ] && break
  sleep 0.1
done

# Usage: remove_paths ITEM...
remove_paths() {
  for item; do
    case $item in
      /*)
        tries=0
        # A process of a process may write until it has noticed its end.
        while ! rm -rf -- "$item" 2>/dev/null && [ $tries -lt 100 ]; do
          tries=$((tries + 1))
          sleep 0.1
        done
        ;;
    esac
  done
}

remove_paths "$@"

# A process that waits for this may make a folder again, until it has ended itself.
[ $# -eq 0 ] || {
  tries=0
  while kill -0 "$PPID" 2>/dev/null && [ $tries -lt 100 ]; do
    tries=$((tries + 1))
    sleep 0.1
  done
  remove_paths "$@"
} &
