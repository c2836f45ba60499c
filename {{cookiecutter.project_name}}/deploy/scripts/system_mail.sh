# shellcheck shell=sh
# Installs a program that takes the mail that Debian writes to root, where there is none.
program=/usr/sbin/sendmail
if [ -e $program ]; then
    program=$(readlink -f $program)
    [ "$program" = /usr/bin/msmtp ] || echo "mail to root stays with $program"
    exit 0
fi
update_lists
apt --no-install-recommends install msmtp-mta >&2
