#!/usr/bin/env bash
# Every script parses: bash by `bash -n`, Python by its compiler. Usage: check_scripts.sh ROOT
set -euo pipefail
cd "$1"
find deploy .ci tests -type f -print0 | sort -z | while IFS= read -r -d '' file; do
  case "$(head -c 64 "$file" | head -n 1 | tr -d '\0')" in
    '#!'*bash*) bash -n "$file" ;;
  esac
done
python3 - <<'PY'
import ast, pathlib
for path in sorted(pathlib.Path("tests").rglob("*.py")):
    ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
PY
