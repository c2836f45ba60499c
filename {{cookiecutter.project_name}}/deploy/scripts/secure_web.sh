# shellcheck shell=sh
# Opens the ports of the web.
set -eu
for port in 80 443; do
    if ! ufw show added | grep -qx "ufw allow $port/tcp"; then
        ufw allow "$port/tcp" >&2
        echo "port $port opened"
    fi
done
