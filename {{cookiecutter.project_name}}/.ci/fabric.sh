#!/bin/sh
# Installs Fabric as it is locked, in ~/fabric, and lets this machine log in to the servers.
#
# SSH_PRIVATE_KEY is the key, or the path of a file with it, as in GitLab; SSH_KNOWN_HOSTS is what
# ssh-keyscan prints of the servers, or the path of such a file. A key has no passphrase here.
set -eu
umask 077

if [ -z "${CI-}" ]; then
    echo "fabric.sh replaces ~/.ssh/id_ed25519, so it is for CI alone: nothing was done, as CI is not set" >&2
    exit 2
fi

value() { # NAME VALUE
    if [ -z "$2" ]; then
        echo "$1 is empty: see \"Deploy from CI\" in README.md" >&2
        exit 2
    fi
    if [ -f "$2" ]; then cat "$2"; else printf '%s\n' "$2"; fi | tr -d '\r'
}

mkdir -p ~/.ssh
key=$(value SSH_PRIVATE_KEY "${SSH_PRIVATE_KEY-}")
hosts=$(value SSH_KNOWN_HOSTS "${SSH_KNOWN_HOSTS-}")
printf '%s\n' "$key" >~/.ssh/id_ed25519
printf '\n%s\n' "$hosts" >>~/.ssh/known_hosts

python3 -m venv ~/fabric
~/fabric/bin/pip install --quiet --disable-pip-version-check \
    --no-deps --require-hashes --requirement requirements/dev.txt
