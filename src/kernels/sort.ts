/**
 * Rows in order. An element is ordered by a key, a u32: floats by their bits, turned so that they ascend, with -0 beside 0 and
 * all NaNs above the rest; to descend, the key's complement. Elements of one key keep their order, so that pairs of a key and
 * a place are all different, and nothing depends on who comes first.
 *
 * A row is cut into runs. Those of up to 64 elements are ordered by counting: an element's new place is the number of those
 * before it. Longer ones, up to 1024, lie in workgroup memory, in Batcher's bitonic network. Then neighbouring runs
 * are merged, two into one, until one is left: an element finds by halving how many of the other run come before it.
 * Who wants but the first `keep` of a row has runs cut to that length, so that little is left to merge.
 *
 * Layout: x is [outer, length, inner], the results [outer, keep, inner]; in between keys and places lie row by row, run by run.
 * Launch: an invocation per element to count and to merge, a workgroup per run in the network. No subgroups.
 */
import { interned, type Kernel, kernel, LINEAR_WORKGROUP, linear, linearKernel, linearMain } from './kernel.js';

export interface SortSpec {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
  readonly type: 'f32' | 'i32' | 'u32';
  readonly descending: boolean;
  /** How many of a row's first elements are wanted. */
  readonly keep: number;
  /** Elements of a run. */
  readonly run: number;
  /** Invocations that a workgroup may have. Default: 256. */
  readonly most?: number;
}

/** Runs of up to so many elements are ordered by counting. */
export const COUNTED = 64;

/** Elements of a run in workgroup memory, at most: 8 KiB of it. */
export const NETWORK = 1024;

/** `key(bits)`: u32 that ascend as the elements shall. */
function keyOf(type: SortSpec['type'], descending: boolean): string {
  const ascending = {
    u32: 'let k = bits;',
    i32: 'let k = bits ^ 0x80000000u;',
    f32: `let size = bits & 0x7fffffffu;
  let number = select(size | 0x80000000u, ~bits, bits > 0x80000000u);
  let k = select(number, 0xffffffffu, size > 0x7f800000u);`,
  }[type];
  return `fn key(bits: u32) -> u32 {
  ${ascending}
  return ${descending ? '~k' : 'k'};
}`;
}

/** How many runs there are, how many of each are kept, and how many elements a row has in between. */
export function runsOf({ length, keep, run }: Pick<SortSpec, 'length' | 'keep' | 'run'>) {
  const runs = Math.ceil(length / run);
  const kept = Math.min(keep, run);
  return { runs, kept, stride: runs * kept, last: runs <= 1 };
}

/** What the length of a row decides is data: rows of other lengths are ordered by the same text. */
function sizesOf(spec: SortSpec) {
  const { runs, stride } = runsOf(spec);
  return { length: spec.length, keep: spec.keep, runs, stride };
}

/** Writes an element to place `to` of its run: among the results where there is one run, in between otherwise. */
const stored = ({ inner }: SortSpec, last: boolean, to: { results: string; between: string }): string =>
  last
    ? `let at = (row / ${inner}u * params.keep + ${to.results}) * ${inner}u + row % ${inner}u;
      values[at] = xs[(row / ${inner}u * params.length + place) * ${inner}u + row % ${inner}u];
      indices[at] = i32(place);`
    : `keys[${to.between}] = own;
      places[${to.between}] = place;`;

const outputs = (last: boolean) =>
  last ? ({ values: 'u32', indices: 'i32' } as const) : ({ keys: 'u32', places: 'u32' } as const);

/** [x] → values and indices of rows that are one run, keys and places of others. Runs are ordered by counting. */
export const countedSortKernel = /* @__PURE__ */ interned((spec: SortSpec): Kernel => {
  const { outer, length, inner, run, type, descending } = spec;
  const { kept, last } = runsOf(spec);
  return kernel({
    name: 'sort.counted',
    read: { xs: 'u32' },
    write: outputs(last),
    params: sizesOf(spec),
    workgroups: linear(outer * inner * length),
    wgsl: `${keyOf(type, descending)}
${linearMain('arrayLength(&xs)')}
  let c = i % ${inner}u;
  let place = i / ${inner}u % params.length;
  let slab = i / ${inner}u / params.length;
  let row = slab * ${inner}u + c;
  let base = slab * params.length * ${inner}u + c;
  let own = key(xs[i]);
  let first = place / ${run}u * ${run}u;
  let end = min(first + ${run}u, params.length);
  var before = 0u;
  for (var k = first; k < end; k++) {
    let other = key(xs[base + k * ${inner}u]);
    before += u32((other < own) | ((other == own) & (k < place)));
  }
  if (before < ${last ? 'params.keep' : `${kept}u`}) {
    ${last ? '' : `let to = row * params.stride + place / ${run}u * ${kept}u + before;`}
    ${stored(spec, last, { results: 'before', between: 'to' })}
  }
}`,
  });
});

/** As {@link countedSortKernel}, of runs of a power of two in workgroup memory. */
export const networkSortKernel = /* @__PURE__ */ interned((spec: SortSpec): Kernel => {
  const { outer, inner, run, type, descending } = spec;
  const { runs, kept, last } = runsOf(spec);
  const groups = outer * inner * runs;
  const lanes = Math.min(spec.most ?? 256, run / 2);
  return kernel({
    name: 'sort.network',
    read: { xs: 'u32' },
    write: outputs(last),
    params: { ...sizesOf(spec), groups },
    workgroups: linear(groups * LINEAR_WORKGROUP),
    wgsl: `var<workgroup> runKeys: array<u32, ${run}>;
var<workgroup> runPlaces: array<u32, ${run}>;
${keyOf(type, descending)}
@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32) {
  let g = group.x + group.y * groups.x;
  if (g >= params.groups) { return; }
  let row = g / params.runs;
  let first = g % params.runs * ${run}u;
  let base = row / ${inner}u * params.length * ${inner}u + row % ${inner}u;
  for (var k = lane; k < ${run}u; k += ${lanes}u) {
    // What lies behind the row comes last: no place is behind it.
    let own = key(xs[base + min(first + k, params.length - 1u) * ${inner}u]);
    runKeys[k] = select(0xffffffffu, own, first + k < params.length);
    runPlaces[k] = first + k;
  }
  for (var size = 2u; size <= ${run}u; size <<= 1u) {
    for (var gap = size >> 1u; gap > 0u; gap >>= 1u) {
      workgroupBarrier();
      for (var t = lane; t < ${run / 2}u; t += ${lanes}u) {
        let a = 2u * t - (t & (gap - 1u));
        let b = a + gap;
        let keyA = runKeys[a];
        let keyB = runKeys[b];
        let placeA = runPlaces[a];
        let placeB = runPlaces[b];
        let isAfter = (keyA > keyB) | ((keyA == keyB) & (placeA > placeB));
        if (isAfter == ((a & size) == 0u)) {
          runKeys[a] = keyB;
          runKeys[b] = keyA;
          runPlaces[a] = placeB;
          runPlaces[b] = placeA;
        }
      }
    }
  }
  workgroupBarrier();
  let count = min(${last ? 'params.keep' : `${kept}u`}, params.length - first);
  for (var k = lane; k < count; k += ${lanes}u) {
    let place = runPlaces[k];
    ${last ? '' : `let own = runKeys[k];\n    let to = row * params.stride + first / ${run}u * ${kept}u + k;`}
    ${stored(spec, last, { results: 'k', between: 'to' })}
  }
}`,
  });
});

/**
 * Merges neighbouring runs: [keys, places] → those of runs twice as long, or [keys, places, x] → values and indices where one is
 * left. `spec.run` is the length of those that are read.
 */
export const mergeKernel = /* @__PURE__ */ interned((spec: SortSpec): Kernel => {
  const { outer, inner, run } = spec;
  const { kept, stride } = runsOf(spec);
  const next = runsOf({ ...spec, run: 2 * run });
  const count = (r: string): string => `min(${kept}u, params.length - ${r} * ${run}u)`;
  return linearKernel({
    name: 'sort.merge',
    read: { runKeys: 'u32', runPlaces: 'u32', ...(next.last ? { xs: 'u32' as const } : {}) },
    write: outputs(next.last),
    params: { ...sizesOf(spec), next: next.stride },
    size: outer * inner * stride,
    count: 'arrayLength(&runKeys)',
    body: `  let row = i / params.stride;
  let r = i % params.stride / ${kept}u;
  let k = i % ${kept}u;
  if (k >= ${count('r')}) { return; }
  let own = runKeys[i];
  let place = runPlaces[i];
  let other = r ^ 1u;
  let start = row * params.stride + other * ${kept}u;
  var low = 0u;
  var high = 0u;
  if (other < params.runs) { high = ${count('other')}; }
  while (low < high) {
    let middle = (low + high) / 2u;
    let found = runKeys[start + middle];
    // Of equal ones, those of the first run come first.
    if ((found < own) | ((found == own) & (other < r))) { low = middle + 1u; } else { high = middle; }
  }
  let rank = k + low;
  if (rank < ${next.last ? 'params.keep' : `${next.kept}u`}) {
    ${next.last ? '' : `let to = row * params.next + r / 2u * ${next.kept}u + rank;`}
    ${stored(spec, next.last, { results: 'rank', between: 'to' })}
  }`,
  });
});
