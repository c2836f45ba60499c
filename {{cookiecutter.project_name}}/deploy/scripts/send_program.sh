# shellcheck shell=sh
# Reads the program of on_host/ and puts it into a directory. Those of other versions may be in use,
# by another project or a colleague.
: "${program:?}" "${directory:?}"
set -eu
mkdir -p "$directory"
cat >"$program.new"
mv "$program.new" "$program"
find "$directory" -name 'on_host-*.pyz' -mtime +7 -delete
