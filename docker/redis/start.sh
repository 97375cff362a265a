#!/bin/sh
# Redis with a user for each role: puts the passwords of the environment into users.acl and starts the server.
# A password is letters, digits, _ and -, as it also stands in a URL.
set -eu
users=$(cat "$(dirname "$0")/users.acl")
for role in MIGRATE API WORKER COURIER; do
  password=$(printenv "REDIS_${role}_PASSWORD") || { echo "REDIS_${role}_PASSWORD is not set" >&2; exit 1; }
  case $password in
    '' | *[!A-Za-z0-9_-]*) echo "REDIS_${role}_PASSWORD is empty or has other characters than letters, digits, _ and -" >&2; exit 1 ;;
  esac
  users=$(printf '%s\n' "$users" | sed "s/>${role}_PASSWORD />$password /")
done
file=${REDIS_ACL_FILE:-/tmp/users.acl}
umask 077
printf '%s\n' "$users" > "$file"
exec redis-server --aclfile "$file" "$@"
