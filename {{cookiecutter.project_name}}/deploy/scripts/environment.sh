# shellcheck shell=sh
# Every script of fab begins with this, as its own user: of the log-in's environment nothing is
# left but the proxies. sudo drops those, though every log-in has them from /etc/environment.
umask 022
cd /
for variable in $(env | sed -nE 's/^([A-Za-z_][A-Za-z0-9_]*)=.*/\1/p'); do
    case $variable in
        PATH | SUDO_USER | SSH_CONNECTION | *_proxy | *_PROXY) ;;
        *) unset "$variable" ;;
    esac
done
USER=$(id -un)
HOME=$(getent passwd "$USER" | cut -d : -f 6)
export PATH HOME USER LOGNAME="$USER" LC_ALL=C.UTF-8
proxies=$(sed -nE "s/^(export +)?((https?|ftp|all|no)_proxy)=[\"']?([^\"']*).*/export \2='\4'/Ip" \
    /etc/environment 2>/dev/null)
eval "$proxies"
unset variable proxies
