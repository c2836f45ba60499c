# shellcheck shell=sh
# On a new server without Python: look at what needs none, and only then install it. The rest is
# looked at by the program, on_host/checks_of_server.py; $ports are its too, as PORT:FILE.
: "${ports:?}"
command -v python3 >/dev/null && exit 0
command -v apt-get >/dev/null || { echo "this is no Debian: it has no apt-get"; exit 1; }
wrong=
for port in $ports; do
    found=$(ss -Hltnp "sport = :${port%%:*}" 2>/dev/null | head -n 1)
    [ -n "$found" ] || continue
    pid=$(echo "$found" | sed -n 's/.*pid=\([0-9]*\).*/\1/p')
    case $(readlink "/proc/${pid:-0}/exe") in
        "${port#*:}"*) ;;
        *)
            holder=$(cat "/proc/${pid:-0}/comm" 2>/dev/null || echo "a program of the system")
            echo "ports: port ${port%%:*} is taken by $holder (user $(ps -o user= -p "${pid:-1}"))"
            wrong=yes
            ;;
    esac
done
[ -z "$wrong" ] || exit 1
update_lists
apt --no-install-recommends install python3
