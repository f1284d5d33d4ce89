# Read by start.sh and test.sh (not run by itself): installs the locked dependencies where they are missing or older
# than package-lock.json, then puts them first in PATH.
# shellcheck shell=sh

. "$(dirname -- "$0")/environment.sh"

stamp=node_modules/.system-foundry-lock

# An `npm ci` done by hand counts where npm left nothing out; npm writes its own lock last.
is_installed() {
  cmp -s package-lock.json "$stamp" && return 0
  [ node_modules/.package-lock.json -nt package-lock.json ] || return 1
  sh scripts/run.sh node -e 'await import("oxc-parser"); await import("esbuild")' 2>/dev/null
}

if ! is_installed; then
  echo 'Installing the locked dependencies (npm ci)'
  (
    PATH=$system_path
    case $(node --version) in
      v1[0-9].* | v2[0-3].*) NODE_OPTIONS="${NODE_OPTIONS:-} --require \"$root/scripts/pinned-engine.cjs\"" ;;
    esac
    export PATH "NODE_OPTIONS=${NODE_OPTIONS:-}"
    npm ci --include=dev --include=optional --no-audit --no-fund --loglevel=error </dev/null
  )
fi
# Without the right to write there, the question is asked anew each time.
cmp -s package-lock.json "$stamp" || cp package-lock.json "$stamp" 2>/dev/null || true
use_project
