# shellcheck shell=sh
# Lets the server have a locale.
: "${wanted:?}"
set -eu
normal() { echo "$1" | sed 's/[.]utf-\?8$/.utf8/I'; }
known() { locale -a | grep -qx "$(normal "$wanted")"; }
known && exit 0
name=${wanted%%.*}
grep -q "^# *$name.UTF-8 UTF-8" /usr/share/i18n/SUPPORTED /etc/locale.gen ||
    grep -q "^$name.UTF-8 UTF-8" /usr/share/i18n/SUPPORTED || {
    echo "LOCALE: Debian knows no $wanted; see /usr/share/i18n/SUPPORTED"; exit 1; }
echo "$name.UTF-8 UTF-8" >>/etc/locale.gen
locale-gen --keep-existing
known
# PostgreSQL, where it runs, knows the locales of its start only.
! systemctl is-active --quiet postgresql || systemctl restart postgresql
