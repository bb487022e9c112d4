#!/usr/bin/env bash
# What a change must pass before it is shown to anybody, in the order in which it fails soonest.
# Stops at the first step that fails; --all goes on, so that one run shows everything.
# Run it as `pnpm check`: pnpm puts the project's own Node and tools on the PATH.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

all=false
for argument in "$@"; do
  case "$argument" in
    --all) all=true ;;
    *)
      echo "check: unknown argument $argument (there is only --all)" >&2
      exit 2
      ;;
  esac
done

failed=()
output=$(mktemp)
trap 'rm -f "$output"' EXIT

# step NAME COMMAND…: quiet when it passes, everything it said when it does not.
step() {
  local name=$1
  shift
  local started=$EPOCHREALTIME verdict=ok
  "$@" >"$output" 2>&1 || verdict=FAILED
  printf '%-16s %-6s %6.1f s\n' "$name" "$verdict" "$(seconds_since "$started")"
  if [ "$verdict" = ok ]; then return; fi
  cat "$output"
  failed+=("$name")
  if [ "$all" = false ]; then finish; fi
}

seconds_since() {
  awk -v from="$1" -v to="$EPOCHREALTIME" 'BEGIN { print to - from }'
}

finish() {
  if [ ${#failed[@]} -eq 0 ]; then
    echo 'check: all steps passed'
    exit 0
  fi
  echo "check: failed in ${failed[*]}"
  exit 1
}

step format prettier --check --log-level warn .
step lint eslint . --max-warnings 0
step types tsc -p tsconfig.json
step layers depcruise --config .dependency-cruiser.cjs apps/*/src packages/*/src scripts/src
step unused knip --no-config-hints
step unused-in-use knip --production --no-config-hints
step versions sherif --ignore-rule unordered-dependencies
step markdown markdownlint-cli2
step schema-drift sh scripts/test.sh --silent schema-drift
finish
