#!/bin/sh
# Runs kindling's GPU tests and benchmarks on this machine, and PyTorch's where Python has it with CUDA.
# Wants: Linux x64, a GPU with its Vulkan driver; sh, tar, gzip.
#
#   ./run.sh [FOLDER]        results go to FOLDER, ./results by default
#
# KINDLING_TESTS=optim,step runs a part of the tests; KINDLING_BENCH='step,matmul*' a part of the benchmarks.
set -u
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-"$here/results"}
mkdir -p "$out" && out=$(cd "$out" && pwd) || exit 2
app=$here/app
if [ ! -e "$app/complete" ]; then
  mkdir -p "$app" 2>/dev/null && [ -w "$app" ] || app=$(mktemp -d) || exit 2
  gzip -dc "$here/kindling-bench.tar.gz" | tar -xf - -C "$app" || { echo "cannot unpack into $app" >&2; exit 2; }
  : >"$app/complete"
fi
node=$app/node
if ! "$node" --version >/dev/null 2>&1; then
  # A system without a C++ library of its own.
  LD_LIBRARY_PATH=$app/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
  export LD_LIBRARY_PATH
  "$node" --version >/dev/null || exit 2
fi
if ! "$node" -e "try { process.dlopen({ exports: {} }, 'libvulkan.so.1') } catch (e) {
    process.exit(e.message.includes('self-register') ? 0 : 1) }"; then
  # A driver without a loader.
  LD_LIBRARY_PATH=$app/vulkan${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
  export LD_LIBRARY_PATH
fi
status=0
tests=$(echo "${KINDLING_TESTS:-}" | tr , ' ')
echo "== GPU tests"
# shellcheck disable=SC2086
"$node" "$app/test/bundle/tests.mjs" "$out/tests.json" $tests || status=1
echo "== benchmarks"
"$node" "$app/bench.mjs" --json "$out/kindling.json" --version-of "$(cat "$app/version")" \
  ${KINDLING_BENCH:+--only "$KINDLING_BENCH"} || status=1
for python in "${PYTHON:-python3}" /usr/bin/python3; do
  if "$python" -c 'import torch; assert torch.cuda.is_available()' 2>/dev/null; then
    echo "== PyTorch"
    "$python" "$here/torch_cuda.py" --json "$out/pytorch.json" || status=1
    break
  fi
done
echo "results in $out"
exit $status
