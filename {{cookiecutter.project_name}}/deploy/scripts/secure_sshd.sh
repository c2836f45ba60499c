# shellcheck shell=sh
# Closes what is not wanted to those who log in; follows secure_timer.sh.
: "${file:?}" "${wanted:?}" "${unit:?}"
unmet() { printf '%s\n' "$wanted" | grep -vixF -e "$(sshd -T)"; }
sshd -t
if [ "$(cat "$file" 2>/dev/null)" = "$wanted" ] && ! unmet && ! pending; then exit 0; fi >&2
arm
printf '%s\n' "$wanted" >"$file"
if ! sshd -t || unmet >&2; then
    rm "$file"
    systemctl stop "$unit.timer"
    echo "sshd does not take this from $file: another file sets it first, or sshd_config does" >&2
    exit 1
fi
systemctl try-reload-or-restart ssh
sleep 1  # a reload is only a signal
printf '%s\n' "$wanted"
