# shellcheck shell=sh
# Lets the server have a user of deploys. Reads a line with the password, which may be empty; $rule,
# which may be empty too, is the line for sudo. Those of other users stay as they are, and so do the
# password and the rule of a user who can use sudo already: colleagues and CI may need them.
: "${deployer:?}" "${project:?}" "${rule?}"
set -eu
IFS= read -r password
without_password() { runuser -u "$deployer" -- sudo -kn true 2>/dev/null; }
with_password() {
    passwd -S "$deployer" | grep -q '^[^ ]* P ' && LC_ALL=C sudo -lU "$deployer" | grep -q ') ALL$'
}
uses_sudo=
if ! getent passwd "$deployer" >/dev/null; then
    useradd --create-home --key HOME_MODE=0711 --shell /bin/bash "$deployer"
    echo "user $deployer made"
elif without_password; then
    uses_sudo="without a password"
elif with_password; then
    uses_sudo="with a password"
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
if [ -n "$uses_sudo" ]; then
    if [ -n "$password" ] && ! printf '%s\0' "$password" | unix_chkpwd "$deployer" nonull; then
        echo "the password stays, SSH_PASS is another: $deployer uses sudo already, $uses_sudo"
    fi
    exit
fi
if [ -n "$password" ] && ! printf '%s\0' "$password" | unix_chkpwd "$deployer" nonull; then
    printf '%s:%s\n' "$deployer" "$password" | chpasswd
    echo "password set"
fi
sudoers=/etc/sudoers.d/$project
if [ -n "$rule" ] && ! grep -qxsF -e "$rule" "$sudoers"; then
    {
        cat "$sudoers" 2>/dev/null || true
        printf '%s\n' "$rule"
    } >"$sudoers.new"  # sudo reads no file with a dot in its name
    chmod 0440 "$sudoers.new"
    visudo -cqf "$sudoers.new"
    mv "$sudoers.new" "$sudoers"
    echo "sudo asks for no password"
fi
