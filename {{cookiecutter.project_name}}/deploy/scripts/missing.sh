# shellcheck shell=sh
# Prints those of the packages that are missing.
# shellcheck disable=SC2086  # a list
missing ${packages:?}
