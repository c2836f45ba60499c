# shellcheck shell=sh
# Debian's own welcome page answers for every host that no other site has. It goes only where nobody
# has made something of it.
set -eu
link=/etc/nginx/sites-enabled/default file=/etc/nginx/sites-available/default
[ -e $link ] || [ -L $link ] || exit 0
sum=$(dpkg-query -W -f '${Conffiles}\n' nginx-common | awk -v file=$file '$1 == file {print $2}')
if [ "$(readlink -f $link)" = $file ] && [ "$(md5sum <$file)" = "$sum  -" ] &&
    [ -z "$(find -H /var/www/html -mindepth 1 -maxdepth 1 ! -name index.nginx-debian.html)" ] &&
    cmp -s /var/www/html/index.nginx-debian.html /usr/share/nginx/html/index.html
then
    rm $link
    [ "$(systemctl is-active nginx)" != active ] || systemctl reload nginx
else
    echo "$link is not as Debian has made it: it stays, and answers for hosts of no site"
fi
