# shellcheck shell=sh
# Closes what is not wanted to those who log in; follows secure_timer.sh. $rsa_key, which may be
# empty, is a host key that has to have 4096 bits.
: "${file:?}" "${wanted:?}" "${unit:?}" "${rsa_key?}"
unmet() { printf '%s\n' "$wanted" | grep -vixF -e "$(sshd -T)"; }
is_small() {
    [ -n "$rsa_key" ] &&
        ! ssh-keygen -lf "$rsa_key.pub" 2>/dev/null | awk '$1 >= 4096 { found = 1 } END { exit !found }'
}
has_small_moduli() { awk '!/^#/ && $5 < 3071 { found = 1 } END { exit !found }' /etc/ssh/moduli; }
sshd -t
if [ "$(cat "$file" 2>/dev/null)" = "$wanted" ] && ! unmet && ! pending && ! is_small; then
    exit 0
fi >&2
if is_small; then
    rm -f "$rsa_key.new" "$rsa_key.new.pub"
    ssh-keygen -q -t rsa -b 4096 -N '' -C "root@$(hostname)" -f "$rsa_key.new"
    mv "$rsa_key.new" "$rsa_key"
    mv "$rsa_key.new.pub" "$rsa_key.pub"
    echo "the host key of the type RSA is another one, of 4096 bits"
fi
if has_small_moduli; then
    awk '/^#/ || $5 >= 3071' /etc/ssh/moduli >/etc/ssh/moduli.new
    mv /etc/ssh/moduli.new /etc/ssh/moduli
fi
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
printf '%s\n' "$wanted" | grep -v ,
echo "algorithms: those of ssh-audit's guide"
