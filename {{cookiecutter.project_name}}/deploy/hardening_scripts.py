"""What `fab secure` runs on a server, as shell scripts.

Each can be run again: it prints on stdout what it changed, and nothing where all was so already.
Its values are in variables, which `hardening.run` puts in front of it.
"""

from . import packages

PACKAGES = "sudo ufw fail2ban python3-systemd unattended-upgrades"  # fail2ban reads the journal

UPGRADE = (
    packages.APT
    + """
update_lists
count=$(apt --simulate --with-new-pkgs upgrade | grep -c ^Inst || true)
if [ "$count" -gt 0 ]; then
    apt --with-new-pkgs upgrade >&2
    echo "packages upgraded: $count"
fi
packages=$(missing $packages)
if [ -n "$packages" ]; then
    apt --no-install-recommends install $packages >&2
    echo "installed:" $packages
fi
[ ! -e /run/reboot-required ] || echo "a reboot is due, for what was upgraded"
"""
)

# Reads a line with the password, which may be empty, then public keys.
USER = """
set -eu
IFS= read -r password
keys=$(cat)
if ! getent passwd "$user" >/dev/null; then
    useradd --create-home --key HOME_MODE=0711 --shell /bin/bash "$user"
    echo "user $user made"
fi
home=$(getent passwd "$user" | cut -d: -f6)
cd "$home"
case $(stat -c %a .) in  # the web server has to pass through
    *[1357]) ;;
    *) chmod o+x . && echo "$home opened for passing through" ;;
esac
if ! id -nG "$user" | tr ' ' '\\n' | grep -qx sudo; then
    usermod --append --groups sudo "$user"
    echo "$user added to the group sudo"
fi
if [ -n "$password" ] && ! printf '%s\\0' "$password" | unix_chkpwd "$user" nonull; then
    printf '%s:%s\\n' "$user" "$password" | chpasswd
    echo "password set"
fi
sudoers=/etc/sudoers.d/$project
if [ -z "$rule" ] && [ -e "$sudoers" ]; then
    rm "$sudoers"
    echo "sudo asks for the password from now on"
elif [ "$(cat "$sudoers" 2>/dev/null)" != "$rule" ]; then
    printf '%s\\n' "$rule" >"$sudoers.new"  # sudo reads no file with a dot in its name
    chmod 0440 "$sudoers.new"
    visudo -cqf "$sudoers.new"
    mv "$sudoers.new" "$sudoers"
    echo "sudo asks for no password"
fi
file=.ssh/authorized_keys
append="umask 077; mkdir -p .ssh; [ -z \\"\\$(tail -c1 $file)\\" ] || echo >>$file; cat >>$file"
login_home=$(getent passwd "$login" | cut -d: -f6)
# A key with a command= cannot log in; a provider's root often has one, to say who can.
{ printf '%s\\n' "$keys"; cat "$login_home/$file" 2>/dev/null || true; } |
grep -v -e '^ *#' -e command= | while IFS= read -r line; do
    key=$(printf '%s\\n' "$line" | grep -o 'AAAA[0-9A-Za-z+/=]*' | head -n 1)
    if [ -n "$key" ] && ! grep -qsF "$key" "$file"; then
        printf '%s\\n' "$line" | runuser -u "$user" -- sh -c "$append" 2>/dev/null
        echo "key added: ...${key#"${key%????????????}"}"
    fi
done
"""

# Defines arm: the server runs $undo in $seconds, unless the timer is stopped until then.
TIMER = """
set -eu
pending() { systemctl --quiet is-active "$unit.timer"; }
arm() {
    if pending; then systemctl stop "$unit.timer"; fi
    systemd-run --quiet --collect --unit="$unit" --on-active="$seconds" \
        --timer-property=AccuracySec=1s sh -c "$undo"
}
"""

# A name that begins with 00 as the first value counts, and cloud-init's 50 allows passwords.
SSHD_FILE = "/etc/ssh/sshd_config.d/00-{project}.conf"
SSHD_UNDO = "rm -f {file}; systemctl try-reload-or-restart ssh"
SSHD = """
unmet() { printf '%s\\n' "$wanted" | grep -vixF -e "$(sshd -T)"; }
sshd -t
if [ "$(cat "$file" 2>/dev/null)" = "$wanted" ] && ! unmet && ! pending; then exit 0; fi >&2
arm
printf '%s\\n' "$wanted" >"$file"
if ! sshd -t || unmet >&2; then
    rm "$file"
    systemctl stop "$unit.timer"
    echo "sshd does not take this from $file: another file sets it first, or sshd_config does" >&2
    exit 1
fi
systemctl try-reload-or-restart ssh
sleep 1  # a reload is only a signal
printf '%s\\n' "$wanted"
"""

WEB = """
set -eu
for port in 80 443; do
    if ! ufw show added | grep -qx "ufw allow $port/tcp"; then
        ufw allow "$port/tcp" >&2
        echo "port $port opened"
    fi
done
"""

# Where it is on already we came in through it: how it lets ssh in is somebody's choice.
FIREWALL_UNDO = "ufw --force disable"
FIREWALL = """
if ufw status | grep -q '^Status: active' && ! pending; then exit 0; fi
arm
ufw allow "$ssh_port/tcp" >&2
ufw --force enable >&2
echo "port $ssh_port opened, the firewall is on"
"""

FAIL2BAN = """
set -eu
file=/etc/fail2ban/jail.d/$project.local
is_up() { fail2ban-client status sshd >/dev/null 2>&1; }
if [ "$(cat "$file" 2>/dev/null)" = "$jail" ] && is_up; then exit 0; fi
printf '%s\\n' "$jail" >"$file"
systemctl enable --quiet fail2ban
systemctl restart fail2ban
tries=20
until is_up; do
    [ $((tries -= 1)) -gt 0 ] || { journalctl -u fail2ban -n 10 --no-pager; exit 1; }
    sleep 0.5
done
echo "on"
"""
JAIL = "[sshd]\nenabled = true\nbackend = systemd\nport = {port}"

UPDATES = """
set -eu
is_on() { apt-config dump "APT::Periodic::$1" | grep -qv '"0";'; }
if is_on Update-Package-Lists && is_on Unattended-Upgrade; then exit 0; fi
printf 'APT::Periodic::%s "1";\\n' Update-Package-Lists Unattended-Upgrade \
    >/etc/apt/apt.conf.d/20auto-upgrades
is_on Update-Package-Lists && is_on Unattended-Upgrade ||
    { echo "another file of /etc/apt/apt.conf.d turns them off"; exit 1; }
echo "on"
"""
