#!/bin/sh
# Copy a real tree with a live bar, compare the two trees, and say what to try next. `make run` calls this.
#
#   SRC   what to copy; by default the Python library of this machine
#   DST   the folder to copy into; by default one below ./demo, made afresh once its copy is whole
set -u
cd "$(dirname "$0")/.."

# Python must not write its caches into the very tree that is copied.
export PYTHONDONTWRITEBYTECODE=1
library=demo/library
whole=demo/.whole
src=${SRC:-$(python -c 'import sysconfig; print(sysconfig.get_paths()["stdlib"])')}
dst=${DST:-demo/copy}

mkdir -p demo
if [ -z "${DST:-}" ] && [ -e "$whole" ]; then
    echo 'The last copy ended whole: taking it away, to show another from the start'
    rm -rf "$dst"
fi
rm -f "$whole"
mkdir -p "$dst" || exit 1

shown="make run${SRC:+ SRC=$SRC}${DST:+ DST=$DST}"
printf 'Copying %s into %s\n\n' "$src" "$dst"

sdjobs init "$library" >/dev/null || exit 1
trap : INT # Ctrl-C is the copy's: it pauses, and this goes on to say how to resume
sdjobs copy "$src" "$dst" --library "$library"
status=$?
trap - INT

case $status in
0) ;;
3)
    printf '\nHere that is: %s\n' "$shown"
    exit 0
    ;;
4)
    printf '\nSome items could not be copied; list them with:\n'
    printf '    .venv/bin/sdjobs jobs list --library %s\n' "$library"
    ;;
*)
    printf '\nThe copy ended with exit code %s. Run again to go on:\n    %s\n' "$status" "$shown"
    exit "$status"
    ;;
esac

printf '\nComparing the two trees: content, kinds, modes, times, links\n'
python scripts/compare-trees.py "$src" "$dst/$(basename "$src")" || exit 1
[ "$status" -eq 0 ] || exit "$status"
touch "$whole"

cat <<TEXT

Try next:
  make run SRC=/usr/share
      a larger tree: press Ctrl-C in the middle, then give the same command again
  pkill -9 -f 'sdjobs copy'
      in another terminal while it runs; the same command again goes on where it was
  .venv/bin/sdjobs jobs list --library $library
      what ran, and how it ended
  .venv/bin/sdjobs --help
      what else there is
TEXT
