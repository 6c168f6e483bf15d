#!/usr/bin/env bash
# Sets up .venv: finds or fetches Python 3.10, installs the pinned and hashed requirements. Quick when nothing changed.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { echo "an-tam: $1" >&2; exit 1; }
is_310() { [ -n "$1" ] && "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 10))' >/dev/null 2>&1; }

stamp=.venv/.requirements.sha256
want=$(sha256sum requirements.txt | cut -d' ' -f1)
if is_310 .venv/bin/python && [ "$(cat "$stamp" 2>/dev/null)" = "$want" ]; then exit 0; fi

free=$(df -Pk . | awk 'NR==2 {print $4}')
[ "$free" -gt 4000000 ] || fail "only $((free / 1024)) MB free here: the libraries need 4 GB, free some space"

bootstrap=$(command -v python3 || command -v python || true)
[ -n "$bootstrap" ] || fail "no Python 3 found: install it, for example with 'apt-get install python3'"
uv=$(command -v uv || true)
[ -n "$uv" ] || uv=$("$bootstrap" scripts/get_uv.py)

find_python() {
  if [ -n "${PYTHON:-}" ]; then
    is_310 "$PYTHON" || fail "PYTHON=$PYTHON is not Python 3.10: point it at one or unset it"
    echo "$PYTHON"; return
  fi
  for candidate in "$(command -v python3.10 || true)" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.10*/bin/python \
                   "$bootstrap" "$("$uv" python find 3.10 2>/dev/null || true)"; do
    if is_310 "$candidate"; then echo "$candidate"; return; fi
  done
  echo "Fetching Python 3.10 …" >&2
  "$uv" python install 3.10 >&2 || fail "Python 3.10 is missing and cannot be fetched: install it and set PYTHON=/path/to/python3.10"
  "$uv" python find 3.10
}

python=$(find_python)
if ! is_310 .venv/bin/python; then
  echo "Making .venv with $python …" >&2
  rm -rf .venv
  "$uv" venv --quiet --python "$python" .venv
fi
echo "Installing the pinned libraries (about half a minute, 2 GB) …" >&2
VIRTUAL_ENV="$PWD/.venv" "$uv" pip sync --quiet --require-hashes requirements.txt \
  || fail "installing requirements.txt failed: see the lines above (network? disk space?)"
echo "$want" > "$stamp"
