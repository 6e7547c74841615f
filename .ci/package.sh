#!/usr/bin/env bash
# Installs the packed package into an empty folder, and uses it as its users do.
#   package.sh TARBALL FOLDER
set -euo pipefail
tarball=$1
folder=$2
tsc=$(cd "$(dirname "$0")/.." && pwd)/node_modules/.bin/tsc

# As in .ci/run: a network may fail for a moment.
fetching() { "$@" || { sleep 20; "$@"; } || { sleep 60; "$@"; }; }

mkdir -p "$folder" && cd "$folder"
npm init --yes >/dev/null
fetching npm install --engine-strict --loglevel error --no-fund --no-audit "$tarball"

for program in webtask wt-build; do
  npx "$program" --version
  npx "$program" --help >/dev/null
done
for export in webtask-kit webtask-kit/harness webtask-kit/identity webtask-kit/webtask-runtime; do
  node --input-type=module --eval "import('$export').then((it) => console.log('$export', Object.keys(it).length, 'exports'))"
done
node --eval "console.log('required', typeof require('webtask-kit/webtask-runtime').simulate)"
node --import webtask-kit/mocha --eval "console.log('webtask-kit/mocha')"

npx webtask new project my-tasks
cd my-tasks
fetching npm install --loglevel error --no-fund --no-audit "$tarball" mocha chai
npm test
npx webtask new pay --ts
npm test
"$tsc" -p .
"$tsc" -p webtasks
npx webtask run webtasks/pay.ts --query name=Ada

# The server, with a worker for each container: its program is one of the published files.
serves() {
  node_modules/.bin/webtask serve --port 0 "$@" >served.txt &
  local server=$!
  for _ in $(seq 100); do grep -q '^listening' served.txt && break; sleep 0.1; done
  local url=$(grep -oE 'http://[0-9.:]+' served.txt | head -1)
  curl --silent --fail --data 'module.exports = cb => cb(null, process.argv.length)' "$url/api/run/default?key=$token" | grep -x 2
  kill "$server"
  wait "$server" || true
}
token=$(npx webtask token mint --container default)
for isolation in process sandbox; do serves --isolation "$isolation"; done
