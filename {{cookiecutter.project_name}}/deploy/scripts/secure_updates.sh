# shellcheck shell=sh
# Lets the server install security updates by itself, and restart what they have replaced; but not
# what visitors would notice: see on_host/upgraded.py.
: "${project:?}"
set -eu
file=/etc/needrestart/conf.d/$project.conf
# shellcheck disable=SC2016  # Perl's
wanted='# By fab secure
$nrconf{restart} = q(a);
$nrconf{override_rc}{qr(^(nginx|postgresql.*|supervisor)\.service$)} = 0;'
is_on() { apt-config dump "APT::Periodic::$1" | grep -qv '"0";'; }
if [ "$(cat "$file" 2>/dev/null)" != "$wanted" ]; then
    printf '%s\n' "$wanted" >"$file"
    echo "services are restarted after updates"
fi
if is_on Update-Package-Lists && is_on Unattended-Upgrade; then exit 0; fi
printf 'APT::Periodic::%s "1";\n' Update-Package-Lists Unattended-Upgrade \
    >/etc/apt/apt.conf.d/20auto-upgrades
if ! is_on Update-Package-Lists || ! is_on Unattended-Upgrade; then
    echo "another file of /etc/apt/apt.conf.d turns them off"
    exit 1
fi
echo "on"
