#!/usr/bin/env bash
# Names every C++ file that clang-format 19 would write differently, or with -i rewrites them.
# Usage: check_format.sh ROOT CLANG_FORMAT [-i]
set -euo pipefail
cd "$1"
sources() { find include src tests \( -name '*.h' -o -name '*.cpp' \) -print0 | sort -z; }
if [[ "${3:-}" == -i ]]; then
  sources | xargs -0 -r "$2" --style=file -i
  exit 0
fi
differing=$(sources | xargs -0 -r "$2" --style=file --dry-run 2>&1 | sed -nE 's/^([^ :]+\.(h|cpp)):[0-9]+:.*/\1/p' | sort | uniq -c)
[[ -z $differing ]] && exit 0
printf 'places that clang-format would change, by file (deploy/dev fmt rewrites them):\n%s\n' "$differing"
exit 1
