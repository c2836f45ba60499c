# shellcheck shell=sh
# Turns the firewall on; follows secure_timer.sh. Where it is on already we came in through it: how
# it lets ssh in is somebody's choice.
: "${ssh_port:?}"
if ufw status | grep -q '^Status: active' && ! pending; then exit 0; fi
arm
ufw allow "$ssh_port/tcp" >&2
ufw --force enable >&2
echo "port $ssh_port opened, the firewall is on"
