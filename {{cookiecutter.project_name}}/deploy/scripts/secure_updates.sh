# shellcheck shell=sh
# Lets the server install security updates by itself.
set -eu
is_on() { apt-config dump "APT::Periodic::$1" | grep -qv '"0";'; }
if is_on Update-Package-Lists && is_on Unattended-Upgrade; then exit 0; fi
printf 'APT::Periodic::%s "1";\n' Update-Package-Lists Unattended-Upgrade \
    >/etc/apt/apt.conf.d/20auto-upgrades
if ! is_on Update-Package-Lists || ! is_on Unattended-Upgrade; then
    echo "another file of /etc/apt/apt.conf.d turns them off"
    exit 1
fi
echo "on"
