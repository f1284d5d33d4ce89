#!/bin/sh
# npm test: installs what is missing, then checks style and types and runs every test. Arguments go to the test runner.

. "$(dirname -- "$0")/setup.sh"

# install_package NAME: on Debian as root only; true where it is there afterwards.
install_package() {
  [ "$(id -u)" = 0 ] && [ -e /etc/debian_version ] && command -v apt-get >/dev/null || return 1
  echo "Installing Debian's $1 for the tests (apt-get install $1)"
  DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null || return 1
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1" </dev/null >/dev/null || return 1
}

find_chromium() {
  for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
    if [ -n "$name" ] && command -v "$name"; then return 0; fi
  done
  return 1
}

lacking=''
if SFD_CHROMIUM=$(find_chromium) || { install_package chromium && SFD_CHROMIUM=$(find_chromium); }; then
  export SFD_CHROMIUM
  unset SFD_NO_BROWSER
else
  unset SFD_CHROMIUM
  export SFD_NO_BROWSER=1
  lacking='Chromium (the browser tests)'
fi
if command -v python3 >/dev/null || install_package python3; then
  unset SFD_NO_PYTHON
else
  export SFD_NO_PYTHON=1
  lacking="$lacking${lacking:+ and }python3 (the independent reader's tests)"
fi
# Without a compiler the tests that watch programs of their own are skipped by name.
command -v cc >/dev/null || { install_package gcc && install_package libc6-dev; } || echo 'Not installed: a C compiler'
# Independent tools that results are compared with; what is missing is a test skipped by name.
for tool in readelf:binutils file:file checksec:checksec modinfo:kmod getcap:libcap2-bin yara:yara xz:xz-utils logrotate:logrotate; do
  command -v "${tool%%:*}" >/dev/null || install_package "${tool##*:}" || echo "Not installed: ${tool%%:*}"
done
if [ -n "$lacking" ]; then
  echo "Not installed: $lacking. Those tests are skipped by name; under CI=true that is a failure."
fi

exec node scripts/test.ts "$@"
