#!/usr/bin/env bash
# Names every C++ file that clang-format 19 would write differently. Usage: check_format.sh ROOT CLANG_FORMAT [-i]
set -euo pipefail
cd "$1"
mode=(--dry-run -Werror)
[[ "${3:-}" == -i ]] && mode=(-i)
find include src tests \( -name '*.h' -o -name '*.cpp' \) -print0 | sort -z | xargs -0 -r "$2" --style=file "${mode[@]}"
