#!/bin/sh
# What the suite needs beside Python: PostgreSQL, a Redis server, Chromium, SFTP clients and a server to compare with. Installs them on Debian and Ubuntu when root,
# else says in one line what is missing.
set -u
missing=""
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || missing="$missing postgresql"
command -v redis-server >/dev/null || command -v valkey-server >/dev/null || missing="$missing redis-server"
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || missing="$missing chromium fonts-liberation"
command -v sftp >/dev/null || missing="$missing openssh-client"
[ -x /usr/sbin/sshd ] || command -v sshd >/dev/null || missing="$missing openssh-server openssh-sftp-server"
command -v lftp >/dev/null || missing="$missing lftp"
[ -z "$missing" ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing the system packages the tests need:$missing"
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086 - a list of package names
    apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing >/dev/null && exit 0
fi
echo "The tests need these system packages; please install them:$missing" >&2
exit 1
