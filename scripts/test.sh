#!/bin/sh
# Runs Jest on the sources themselves: ES modules need Node's VM modules, and @tds/* is read from src through the
# `tds-source` condition. Processes that tests start inherit both. Arguments go to Jest.
set -eu
cd "$(dirname "$0")/.."
NODE_OPTIONS="${NODE_OPTIONS:-} --experimental-vm-modules --conditions=tds-source --disable-warning=ExperimentalWarning"
export NODE_OPTIONS
exec jest "$@"
