# shellcheck shell=sh
# Installs uv, which installs the packages of Python.
set -eu
[ ! -x /opt/uv/bin/uv ] || exit 0
[ ! -e /opt/uv ] || [ -e /opt/uv/pyvenv.cfg ] || { echo "there is a /opt/uv, not ours"; exit 1; }
python3 -m venv /opt/uv
/opt/uv/bin/pip install --quiet uv
