#!/bin/sh
# Brings what the tests need from outside npm: strace (watches writes and fsyncs), fiu-run (makes I/O fail), bwrap
# (jails a child), rg (searches files), redis-server (tests start their own; what apt starts is left alone), systemd-analyze
# (judges the units), python3 (stands in for systemd's datagram socket), zsh and fish (complete words), mandoc and groff
# (read the manual page), openssl (makes a certificate). Says nothing when all is there. A tool that cannot be had is named with the reason, and the
# tests that need it report themselves as skipped; with CI=true that is a failure: CI skips nothing.
set -u

missing() {
  # Tool and Debian package, one pair a line.
  while read -r tool package; do
    command -v "$tool" >/dev/null 2>&1 || echo "$package"
  done <<PAIRS
strace strace
fiu-run fiu-utils
bwrap bubblewrap
rg ripgrep
redis-server redis-server
systemd-analyze systemd
python3 python3
zsh zsh
fish fish
mandoc mandoc
groff groff
openssl openssl
PAIRS
}

give_up() {
  for package in $packages; do
    echo "setup-system: $package is missing and was not installed: $1; tests that need it are skipped."
  done
  [ "${CI:-}" = true ] && exit 1
  exit 0
}

# What these tools do is Linux's own: on another system there is nothing to install, and the tests say so themselves.
[ "$(uname -s)" = Linux ] || exit 0

packages=$(missing | tr '\n' ' ')
packages=${packages% }
[ -n "$packages" ] || exit 0
command -v apt-get >/dev/null 2>&1 || give_up 'this Linux has no apt-get'

as_root=
if [ "$(id -u)" != 0 ]; then
  sudo -n true 2>/dev/null || give_up "it needs root (once, by hand: sudo apt-get install $packages)"
  as_root='sudo -n'
fi

log=$(mktemp) || give_up 'no temporary file can be made'
trap 'rm -f "$log"' EXIT
echo "setup-system: installing $packages"
# The lock wait is for a machine that is just installing something else.
apt="env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 -o Acquire::Retries=2"
# shellcheck disable=SC2086 # the words are meant to split
if ! { $as_root $apt update && $as_root $apt install -y --no-install-recommends $packages; } >"$log" 2>&1 </dev/null; then
  reason=$(grep -E '^E:' "$log" | tail -n 1)
  packages=$(missing | tr '\n' ' ')
  give_up "apt-get failed${reason:+ (${reason#E: })}"
fi
packages=$(missing | tr '\n' ' ')
[ -z "$packages" ] || give_up 'apt-get installed it, but its program is not in PATH'
