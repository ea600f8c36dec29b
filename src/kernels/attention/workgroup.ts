/**
 * Attention through workgroup memory, for GPUs. A workgroup owns 32 rows, of queries or, for the gradients by key and value, of
 * keys, and walks the others, 32 at a time: their products with the rows that it owns, slice by slice of the features; what weights
 * or slopes these make, which it shares; and those times the walked rows, which it adds up in registers.
 *
 * Layout: a thread (y, x) has the owned rows 4y … 4y + 3, the walked rows x + across · j of the small products, and the columns
 * 4x … 4x + 3 of each slice that is added up. Slices are [rows][features / 4 + 1] of vec4: one of padding, so that threads that read
 * neighbouring rows meet other banks; owned row 4y + i is row 8i + y there. Weights are [walked][9] of vec4: one for four owned rows.
 * 16 KiB suffice.
 *
 * Launch: one workgroup of 8 × 8 threads, or 8 × 16 where more than 128 columns are added up, for each 32 rows of a batch.
 */
import { type Element, type Kernel, kernel, LINEAR_WORKGROUP, linear, numbers } from '../kernel.js';
import { laneMain } from '../lanes.js';
import { range } from '../range.js';
import { LOWEST } from '../rows.js';
import {
  type AttentionPart,
  type AttentionSpec,
  batchesOf,
  flopsOf,
  moduleOf,
  NAMES,
  NOTHING,
  paramsOf,
  readsOf,
  shown,
  writesOf,
} from './spec.js';

/** Rows that a workgroup owns, and that it walks at a time. */
const TILE = 32;
const DOWN = 8;
const ROWS = 4;

export function workgroupAttention(part: AttentionPart, spec: AttentionSpec): Kernel {
  const { queries, keys, width, outputs, causal, dropout } = spec;
  const params = paramsOf(spec);
  const u = numbers(params);
  const byKey = part === 'keyGrad';
  const added = { forward: outputs, queryGrad: width, keyGrad: width + outputs }[part];
  const across = added > 128 ? 16 : 8;
  const threads = across * DOWN;
  const depth = across === 16 ? 4 : 8;
  const columns = TILE / across;
  const [is, js] = [range(ROWS), range(columns)];
  const owned = byKey ? keys : queries;
  const [ownedSize, walkedSize] = byKey ? [u.keys, u.queries] : [u.queries, u.keys];
  const tiles = Math.ceil(owned / TILE);
  const count = tiles * batchesOf(spec);
  const each = (line: (i: number, j: number) => string): string =>
    is.map((i) => js.map((j) => line(i, j)).join(' ')).join('\n    ');
  const dense = `batch * ${u.queries} * ${outputs}u`;

  /** What is read by vec4 of features: its array, features, where a batch begins, and what it is multiplied by. */
  const operands = {
    query: { length: width, base: 'place.x', by: ' * scale' },
    key: { length: width, base: 'place.y', by: '' },
    value: { length: outputs, base: 'place.z', by: '' },
    grads: { length: outputs, base: dense, by: '' },
  };
  type Name = keyof typeof operands;
  const uses: readonly Name[] = {
    forward: ['query', 'key', 'value'] as const,
    queryGrad: ['query', 'key', 'value', 'grads'] as const,
    keyGrad: ['query', 'key', 'value', 'grads'] as const,
  }[part];
  const readers = uses.map((name) => {
    const { length } = operands[name];
    const body =
      length % 4 === 0
        ? `return select(vec4<f32>(), ${name}[select(0u, (base + row * ${length}u + e) / 4u, e < ${length}u)], e < ${length}u);`
        : `let at = base + row * ${length}u;
  return vec4(${range(4)
    .map((k) => `select(0.0, ${name}[at + min(e + ${k}u, ${length - 1}u)], e + ${k}u < ${length}u)`)
    .join(', ')});`;
    return `fn ${name}Four(base: u32, row: u32, e: u32) -> vec4<f32> {\n  ${body}\n}`;
  });
  const read = (name: Name, row: string, e: string): string =>
    `${name}Four(${operands[name].base}, ${row}, ${e})${operands[name].by}`;
  const ownRow = (slot: string): string =>
    `min(first + ${slot} % ${DOWN}u * ${ROWS}u + ${slot} / ${DOWN}u, ${ownedSize} - 1u)`;
  const otherRow = (slot: string): string => `min(other + ${slot}, ${walkedSize} - 1u)`;
  /** `sum`i_j = own[i] · walked[j]. */
  const product = (sum: string, own: Name, walked: Name): string => `
    ${each((i, j) => `var ${sum}${i}_${j} = 0.0;`)}
    for (var start = 0u; start < ${operands[own].length}u; start += ${4 * depth}u) {
      workgroupBarrier();
      for (var n = lane; n < ${TILE * depth}u; n += ${threads}u) {
        let slot = n / ${depth}u;
        let e = start + n % ${depth}u * 4u;
        left[slot * ${depth + 1}u + n % ${depth}u] = ${read(own, ownRow('slot'), 'e')};
        right[slot * ${depth + 1}u + n % ${depth}u] = ${read(walked, otherRow('slot'), 'e')};
      }
      workgroupBarrier();
      for (var k = 0u; k < ${depth}u; k++) {
        ${is.map((i) => `let a${i} = left[(y + ${i * DOWN}u) * ${depth + 1}u + k];`).join(' ')}
        ${js.map((j) => `let b${j} = right[(x + ${j * across}u) * ${depth + 1}u + k];`).join(' ')}
        ${range(4)
          .map((c) =>
            is.map((i) => js.map((j) => `${sum}${i}_${j} += a${i}[${c}] * b${j}[${c}];`).join(' ')).join('\n        '),
          )
          .join('\n        ')}
      }
    }`;
  const slices = (length: number): number[] => range(Math.ceil(length / (4 * across)));
  /** `to`[i][c] += Σ over walked rows of `factor` · walked. */
  const adds = (to: string, factor: string, walked: Name): string => `
    workgroupBarrier();
    ${js.map((j) => `weights[(x + ${j * across}u) * ${DOWN + 1}u + y] = vec4(${is.map((i) => `${factor}${i}_${j}`).join(', ')});`).join(' ')}
    ${slices(operands[walked].length)
      .map(
        (c) => `${c > 0 ? 'workgroupBarrier();' : ''}
    for (var n = lane; n < ${TILE * across}u; n += ${threads}u) {
      let slot = n / ${across}u;
      right[slot * ${across + 1}u + n % ${across}u] = ${read(walked, otherRow('slot'), `${c * 4 * across}u + n % ${across}u * 4u`)};
    }
    workgroupBarrier();
    for (var k = 0u; k < ${TILE}u; k++) {
      let weight = weights[k * ${DOWN + 1}u + y];
      let part = right[k * ${across + 1}u + x];
      ${is.map((i) => `${to}${i}_${c} += weight[${i}] * part;`).join(' ')}
    }`,
      )
      .join('\n    ')}`;
  const sums = (to: string, length: number): string =>
    is
      .map((i) =>
        slices(length)
          .map((c) => `var ${to}${i}_${c} = vec4<f32>();`)
          .join(' '),
      )
      .join('\n  ');
  const stores = (of: string, array: string, length: number, factor: (i: number) => string): string =>
    is
      .map((i) => {
        const four = (c: number): string =>
          `{ let four = ${of}${i}_${c}${factor(i)}; let e = ${c * 4 * across}u + x * 4u;
      for (var k = 0u; k < 4u; k++) { if (e + k < ${length}u) { ${array}[at + e + k] = four[k]; } } }`;
        return `if (first + y * ${ROWS}u + ${i}u < ${ownedSize}) {
    let at = (batch * ${ownedSize} + first + y * ${ROWS}u + ${i}u) * ${length}u;
    ${slices(length).map(four).join('\n    ')}
  }`;
      })
      .join('\n  ');
  /** What all threads of a row found, joined. */
  const joined = (value: string, join: (a: string, b: string) => string): string => `
    workgroupBarrier();
    weights[x * ${DOWN}u + y] = ${value};
    workgroupBarrier();
    ${value} = weights[y];
    for (var n = 1u; n < ${across}u; n++) { ${value} = ${join(value, `weights[n * ${DOWN}u + y]`)}; }`;
  const [queryAt, keyAt] = byKey
    ? [(_: number, j: number) => `otherRow${j}`, (i: number) => `row[${i}]`]
    : [(i: number) => `row[${i}]`, (_: number, j: number) => `otherRow${j}`];
  const masked = each((i, j) => {
    const score = `seen(score${i}_${j}, place.w, ${queryAt(i, j)}, ${keyAt(i, j)})`;
    return `let s${i}_${j} = select(${NOTHING}, ${score}, other + x + ${j * across}u < ${walkedSize});`;
  });
  const keeps = dropout ? each((i, j) => `let kept${i}_${j} = kept(batch, ${queryAt(i, j)}, ${keyAt(i, j)});`) : '';
  const kept = (i: number, j: number): string => (dropout ? ` * kept${i}_${j}` : '');
  const perRow = (line: (i: number) => string): string => is.map(line).join(' ');
  const told = (i: number, j: number): string => `told${byKey ? j : i}`;
  const slopes = `
    ${masked}
    ${keeps}
    ${each((i, j) => `let p${i}_${j} = power((s${i}_${j} - ${told(i, j)}.x) - ${told(i, j)}.y);`)}
    ${each((i, j) => `let slope${i}_${j} = ${shown(spec, `p${i}_${j} * (dp${i}_${j}${kept(i, j)} - ${told(i, j)}.z)`, `s${i}_${j}`)};`)}`;
  const weighted = each((i, j) => `let w${i}_${j} = p${i}_${j}${kept(i, j)};`);
  const { before, turn, after } = {
    forward: {
      before: `${sums('out', outputs)}
  var largest = vec4<f32>(${LOWEST});
  var sum = vec4<f32>();`,
      turn: `${product('score', 'query', 'key')}
    ${masked}
    var most = vec4(${is.map((i) => js.map((j) => `s${i}_${j}`).reduce((a, b) => `max(${a}, ${b})`)).join(', ')});
    ${joined('most', (a, b) => `max(${a}, ${b})`)}
    let before = largest;
    largest = max(largest, most);
    let factor = exp(before - largest);
    ${each((i, j) => `let p${i}_${j} = power(s${i}_${j} - largest[${i}]);`)}
    sum = sum * factor + vec4(${is.map((i) => js.map((j) => `p${i}_${j}`).join(' + ')).join(', ')});
    ${perRow((i) =>
      slices(outputs)
        .map((c) => `out${i}_${c} *= factor[${i}];`)
        .join(' '),
    )}
    ${keeps}
    ${weighted}
    ${adds('out', 'w', 'value')}`,
      after: `${joined('sum', (a, b) => `${a} + ${b}`)}
  let share = select(1.0 / sum, vec4<f32>(), sum == vec4<f32>());
  ${stores('out', 'output', outputs, (i) => ` * share[${i}]`)}
  if (x == 0u) {
    ${perRow((i) => `if (first + y * ${ROWS}u + ${i}u < ${ownedSize}) { let at = 2u * (batch * ${u.queries} + row[${i}]); logs[at] = largest[${i}]; logs[at + 1u] = logOf(sum[${i}]); }`)}
  }`,
    },
    queryGrad: {
      before: `${sums('out', width)}
  ${perRow((i) => `let told${i} = rowAt(batch * ${u.queries} + row[${i}]);`)}`,
      turn: `${product('score', 'query', 'key')}
    ${product('dp', 'grads', 'value')}
    ${slopes}
    ${adds('out', 'slope', 'key')}`,
      after: stores('out', 'queryGrad', width, () => ' * scale'),
    },
    keyGrad: {
      before: `${sums('keyOut', width)}\n  ${sums('valueOut', outputs)}`,
      turn: `${product('score', 'key', 'query')}
    ${product('dp', 'value', 'grads')}
    ${js.map((j) => `let told${j} = rowAt(batch * ${u.queries} + otherRow${j});`).join(' ')}
    ${slopes}
    ${weighted}
    ${adds('valueOut', 'w', 'grads')}
    ${adds('keyOut', 'slope', 'query')}`,
      after: `${stores('keyOut', 'keyGrad', width, () => '')}
  ${stores('valueOut', 'valueGrad', outputs, () => '')}`,
    },
  }[part];
  const [start, end] = !causal
    ? ['0u', walkedSize]
    : byKey
      ? [`min(first, ${u.queries})`, walkedSize]
      : ['0u', `min(first + ${TILE}u, ${walkedSize})`];
  const reads: Record<string, Element> = Object.fromEntries(
    uses.map((name) => [name, operands[name].length % 4 === 0 ? 'vec4<f32>' : 'f32']),
  );
  return kernel({
    name: NAMES[part],
    read: { ...reads, ...readsOf(part, spec) },
    write: writesOf(part),
    params: { ...params, tiles, count },
    workgroups: linear(count * LINEAR_WORKGROUP),
    flops: flopsOf(part, spec),
    wgsl: `
${moduleOf(part, spec)}
var<workgroup> left: array<vec4<f32>, ${TILE * (depth + 1)}>;
var<workgroup> right: array<vec4<f32>, ${TILE * (Math.max(depth, across) + 1)}>;
var<workgroup> weights: array<vec4<f32>, ${TILE * (DOWN + 1)}>;
${readers.join('\n')}
${laneMain(threads, 'tile', 'params.count')}
  let batch = tile / params.tiles;
  let first = tile % params.tiles * ${TILE}u;
  let place = placeOf(batch);
  let scale = bitcast<f32>(params.scale);
  let y = lane / ${across}u;
  let x = lane % ${across}u;
  let row = min(first + y * ${ROWS}u + vec4(0u, 1u, 2u, 3u), vec4(${ownedSize} - 1u));
  ${before}
  let end = ${end};
  for (var other = ${start}; other < end; other += ${TILE}u) {
    ${js.map((j) => `let otherRow${j} = ${otherRow(`x + ${j * across}u`)};`).join(' ')}
    ${turn}
  }
  ${after}
}`,
  });
}
