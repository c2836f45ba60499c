# shellcheck shell=sh
# Lets the server have a user of deploys. Reads a line with the password, which may be empty; $rule,
# which may be empty too, is the line for sudo. Those of other users stay as they are.
: "${deployer:?}" "${project:?}" "${rule?}"
set -eu
IFS= read -r password
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
before=$(cat "$sudoers" 2>/dev/null || true)
others=$(printf '%s\n' "$before" | grep -v -e "^$deployer " -e '^$' || true)
wanted=$(printf '%s\n' "$others" "$rule" | grep . || true)
if [ -z "$wanted" ] && [ -e "$sudoers" ]; then
    rm "$sudoers"
elif [ "$(printf '%s\n' "$before" | sort)" != "$(printf '%s\n' "$wanted" | sort)" ]; then
    printf '%s\n' "$wanted" >"$sudoers.new"  # sudo reads no file with a dot in its name
    chmod 0440 "$sudoers.new"
    visudo -cqf "$sudoers.new"
    mv "$sudoers.new" "$sudoers"
fi
asks() { printf '%s\n' "$1" | grep -c "^$deployer " || true; }
case $(asks "$before")$(asks "$wanted") in
    01) echo "sudo asks for no password" ;;
    10) echo "sudo asks for the password from now on" ;;
esac
