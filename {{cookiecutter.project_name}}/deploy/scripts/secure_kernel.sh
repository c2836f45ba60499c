# shellcheck shell=sh
# Settings of the kernel that lynis asks for (KRNL-6000, NETW-3200), and files that root alone has to
# read (FILE-7524). Not its modules_disabled, which would keep
# the firewall from loading its own, nor forwarding, which containers and VPNs need, nor what ufw
# sets by itself (/etc/ufw/sysctl.conf).
: "${project:?}"
set -eu
file=/etc/sysctl.d/90-$project.conf
wanted='# By fab secure
dev.tty.ldisc_autoload = 0
fs.protected_fifos = 2
fs.protected_hardlinks = 1
fs.protected_regular = 2
fs.protected_symlinks = 1
fs.suid_dumpable = 0
kernel.core_uses_pid = 1
kernel.ctrl-alt-del = 0
kernel.dmesg_restrict = 1
kernel.kptr_restrict = 2
kernel.perf_event_paranoid = 3
kernel.randomize_va_space = 2
kernel.sysrq = 0
kernel.unprivileged_bpf_disabled = 1
kernel.yama.ptrace_scope = 1
net.core.bpf_jit_harden = 2
net.ipv4.conf.all.accept_redirects = 0
net.ipv4.conf.all.accept_source_route = 0
net.ipv4.conf.all.rp_filter = 1
net.ipv4.conf.all.send_redirects = 0
net.ipv4.conf.default.accept_redirects = 0
net.ipv4.conf.default.accept_source_route = 0
net.ipv4.icmp_echo_ignore_broadcasts = 1
net.ipv4.icmp_ignore_bogus_error_responses = 1
net.ipv4.tcp_syncookies = 1
net.ipv6.conf.all.accept_redirects = 0
net.ipv6.conf.all.accept_source_route = 0
net.ipv6.conf.default.accept_redirects = 0
net.ipv6.conf.default.accept_source_route = 0'
modules=/etc/modprobe.d/90-$project.conf
unused='# By fab secure
install dccp /bin/false
install rds /bin/false
install sctp /bin/false
install tipc /bin/false'
is() { [ "$(cat "$1" 2>/dev/null)" = "$2" ]; }
restrict() {
    [ "$(stat -c %a "$2" 2>/dev/null || echo "$1")" = "$1" ] || chmod -c "$1" "$2"
}
for each in /etc/crontab /etc/ssh/sshd_config; do restrict 600 "$each"; done
for each in d hourly daily weekly monthly yearly; do restrict 700 "/etc/cron.$each"; done
if is "$file" "$wanted" && is "$modules" "$unused"; then exit 0; fi
printf '%s\n' "$unused" >"$modules"
printf '%s\n' "$wanted" >"$file"
# Of a machine within another, the kernel is not its own: what cannot be set there stays.
/usr/lib/systemd/systemd-sysctl "$file" >&2 || true
echo "set: $file"
