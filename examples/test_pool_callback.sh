#!/bin/sh
# Serves two files on loopback and lets the example fetch them, and one that
# is not there. Usage: test_pool_callback.sh PROGRAM
set -eu
folder=$(mktemp -d)
server=
trap 'if [ -n "$server" ]; then kill "$server"; fi; rm -rf "$folder"' EXIT
cd "$folder"
mkdir www
printf 'hello' > www/a.txt
head -c 300000 /dev/zero > www/b.bin

: > server.log
python3 -u -m http.server 0 --bind 127.0.0.1 --directory www \
    >> server.log 2>&1 &
server=$!
port=
for _ in $(seq 100); do
    port=$(sed -n 's/.* port \([0-9]*\).*/\1/p' server.log)
    if [ -n "$port" ]; then break; fi
    sleep 0.1
done
base="http://127.0.0.1:$port"
"$1" "$base/a.txt" "$base/none" "$base/b.bin" 2> errors.log
sort db.txt > found.txt
printf '%s\n' "$base/a.txt:5" "$base/b.bin:300000" > expected.txt
diff expected.txt found.txt
grep -q "^$base/none: failed with code 22: HTTP response code said error" errors.log
