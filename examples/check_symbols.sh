#!/bin/sh
# check_symbols.sh PROGRAM: fails if a program that uses the embedding API contains code of the HTTP client, the AWS client
# or the server. The linker takes whole object files, so one call would bring in all of it.
set -eu
symbols=$(nm -C "$1")
echo "$symbols" | grep -q 'stator::endpoint::Embedded::call' || {
  echo "$1 holds no engine: was it stripped?" >&2
  exit 1
}
if echo "$symbols" | grep -E 'stator::(http|aws|remote|server)::|curl_easy|SSL_'; then
  echo "$1 carries what the embedding API does not need" >&2
  exit 1
fi
