# shellcheck shell=sh
# Lets the server have a user of deploys. Reads a line with the password, which may be empty, then
# public keys; $rule, which may be empty too, is the line for sudo.
: "${deployer:?}" "${login:?}" "${project:?}"
set -eu
IFS= read -r password
keys=$(cat)
if ! getent passwd "$deployer" >/dev/null; then
    useradd --create-home --key HOME_MODE=0711 --shell /bin/bash "$deployer"
    echo "user $deployer made"
fi
home=$(getent passwd "$deployer" | cut -d: -f6)
cd "$home"
case $(stat -c %a .) in  # the web server has to pass through
    *[1357]) ;;
    *) chmod o+x . && echo "$home opened for passing through" ;;
esac
if ! id -nG "$deployer" | tr ' ' '\n' | grep -qx sudo; then
    usermod --append --groups sudo "$deployer"
    echo "$deployer added to the group sudo"
fi
if [ -n "$password" ] && ! printf '%s\0' "$password" | unix_chkpwd "$deployer" nonull; then
    printf '%s:%s\n' "$deployer" "$password" | chpasswd
    echo "password set"
fi
sudoers=/etc/sudoers.d/$project
if [ -z "$rule" ] && [ -e "$sudoers" ]; then
    rm "$sudoers"
    echo "sudo asks for the password from now on"
elif [ "$(cat "$sudoers" 2>/dev/null)" != "$rule" ]; then
    printf '%s\n' "$rule" >"$sudoers.new"  # sudo reads no file with a dot in its name
    chmod 0440 "$sudoers.new"
    visudo -cqf "$sudoers.new"
    mv "$sudoers.new" "$sudoers"
    echo "sudo asks for no password"
fi
file=.ssh/authorized_keys
append="umask 077; mkdir -p .ssh; [ -z \"\$(tail -c1 $file)\" ] || echo >>$file; cat >>$file"
login_home=$(getent passwd "$login" | cut -d: -f6)
# A key with a command= cannot log in; a provider's root often has one, to say who can.
{ printf '%s\n' "$keys"; cat "$login_home/$file" 2>/dev/null || true; } |
grep -v -e '^ *#' -e command= | while IFS= read -r line; do
    key=$(printf '%s\n' "$line" | grep -o 'AAAA[0-9A-Za-z+/=]*' | head -n 1)
    if [ -n "$key" ] && ! grep -qsF "$key" "$file"; then
        printf '%s\n' "$line" | runuser -u "$deployer" -- sh -c "$append" 2>/dev/null
        echo "key added: ...${key#"${key%????????????}"}"
    fi
done
