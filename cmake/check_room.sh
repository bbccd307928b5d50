#!/bin/sh
# check_room.sh SRC ROOM USES STAMP: fails where a source of SRC/ROOM includes a header of a room that ROOM does not
# depend on. USES: the rooms it may use, separated by |.
set -eu
src=$1 room=$2 uses=$3 stamp=$4
found=$(cd "$src" && grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"[a-z_]+/' -r "$room" --include='*.h' --include='*.cpp' |
  grep -vE "\"($room${uses:+|$uses})/|\"stator/" || true)
if [ -n "$found" ]; then
  echo "$found" >&2
  echo "src/$room may include only its own headers and those of: $(echo "${uses:-nothing}" | tr '|' ' ') (src/CMakeLists.txt)" >&2
  exit 1
fi
touch "$stamp"
