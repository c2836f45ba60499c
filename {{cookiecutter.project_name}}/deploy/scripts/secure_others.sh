# shellcheck shell=sh
# Refuses where somebody else has a file under the project's name: ours hold these lines alone.
: "${project:?}"
set -eu
others=
check() {
    [ ! -e "$1" ] || ! grep -qvE "$2" "$1" || others="$others $1"
}
check "/etc/sudoers.d/$project" '^[^ ]+ ALL=\(ALL:ALL\) NOPASSWD: ALL$'
options='enabled|backend|port|logpath|maxretry|findtime|bantime|ignoreip'
check "/etc/fail2ban/jail.d/$project.local" \
    "^(\[(sshd|web-[0-9]+)\]|($options) = .+| +/etc/fail2ban/filter.d/web-[0-9]+.conf)?\$"
check "/etc/sysctl.d/90-$project.conf" '^(# By fab secure|[-a-z0-9_.]+ = [0-9])$'
check "/etc/modprobe.d/90-$project.conf" '^(# By fab secure|install [a-z]+ /bin/false)$'
closed='PermitRootLogin|(Password|KbdInteractive)Authentication|TCPKeepAlive|Compression'
closed="$closed|Allow(Agent|StreamLocal|Tcp)Forwarding|X11Forwarding"
limits='MaxAuthTries|LogLevel|ClientAlive(Interval|CountMax)'
algorithms='KexAlgorithms|Ciphers|MACs|HostKeyAlgorithms'
check "/etc/ssh/sshd_config.d/00-$project.conf" \
    "^(HostKey /etc/ssh/[a-z0-9_]+|($closed) no|($limits) [0-9A-Z]+|($algorithms) [-a-z0-9@.,]+)\$"
for file in $others; do
    echo "$file is there already, and is not ours"
done
[ -z "$others" ] || { echo "Nothing was changed; choose another PROJECT_NAME in FABRIC"; exit 1; }
