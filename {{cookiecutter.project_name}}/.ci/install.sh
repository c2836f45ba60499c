#!/bin/sh
# Installs what the tests and fab need on Debian and Ubuntu. CI runs it, as root or with sudo.
set -eu
export DEBIAN_FRONTEND=noninteractive

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

as_root apt-get -qq update
as_root apt-get -qq install --yes --no-install-recommends \
    ca-certificates git memcached openssh-client pipx python3-venv >/dev/null
