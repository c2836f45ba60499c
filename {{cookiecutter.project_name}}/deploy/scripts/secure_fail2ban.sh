# shellcheck shell=sh
# Lets fail2ban look after sshd, and after the log-ins of the site: $web is the name of that jail.
: "${project:?}" "${jail:?}" "${web:?}"
set -eu
file=/etc/fail2ban/jail.d/$project.local
filter=/etc/fail2ban/filter.d/$web.conf
# A log-in that succeeds leads on, with 302. A quote within a field is never written as one.
wanted='[Definition]
failregex = ^<HOST> - [^"]*"POST /(?:\S*/)?(?:admin|accounts)/login/\S* HTTP/[0-9.]+" (?:200|403|429) '
is_up() { fail2ban-client status sshd && fail2ban-client status "$web"; } >/dev/null 2>&1
is() { [ "$(cat "$1" 2>/dev/null)" = "$2" ]; }
if is "$file" "$jail" && is "$filter" "$wanted" && is_up; then exit 0; fi
printf '%s\n' "$wanted" >"$filter"
printf '%s\n' "$jail" >"$file"
systemctl enable --quiet fail2ban
systemctl restart fail2ban
tries=20
until is_up; do
    [ $((tries -= 1)) -gt 0 ] || { journalctl -u fail2ban -n 10 --no-pager; exit 1; }
    sleep 0.5
done
echo "on"
