#!/bin/sh
# Runs a job of cron, unless it runs still: job.sh PROJECT JOB LIMIT COMMAND...
# Of several hosts, what is to be done ONCE is done by the one that leads: see lead.py; each begins
# PAUSE seconds after the minute.
# What it says is wrong goes to the system's journal, as PROJECT-JOB, and to nobody by mail. How it
# ended is in a file for alarms/jobs.py: its status and its last words.
set -u
project=$1 job=$2 limit=$3
shift 3
state=${0%/*}/../state
if [ "${PAUSE:-0}" != 0 ]; then
    sleep "$PAUSE"
    [ -d "$state" ] || exit 0 # the project was removed meanwhile
    cd "$PWD" || exit 0       # another release may be live by now
fi
if [ -n "${ONCE-}" ]; then
    unset ONCE
    [ ! -e "$state/hosts.json" ] || [ -n "$(find "$state/leads" -mmin -3 2>/dev/null)" ] || exit 0
fi
folder=/run/$project/jobs
[ "$(id -u)" != 0 ] || folder=$state/jobs
mkdir -p "$folder"
exec 9>>"$folder/$job.lock"
flock -n 9 || exit 0
# The status follows the words. A job that complains without end must not fill the memory.
words=$({
    timeout "$limit" "$@" 2>&1 >/dev/null 9>&-
    printf '\n%s' $?
} | tail -c 65536)
newline='
'
status=${words##*"$newline"}
words=${words%"$newline"*}
[ -z "$words" ] || printf '%s\n' "$words" | logger -e -t "$project-$job"
last=$(printf '%s' "$words" | tail -n 1 | cut -c -300)
printf '%s\n%s\n' "$status" "$last" >"$folder/.$job.new" && mv "$folder/.$job.new" "$folder/$job"
exit "$status"
