/**
 * Attention without workgroup memory and barriers, for software adapters. An invocation owns a few rows, of queries or, for the
 * gradients by key and value, of keys. It keeps them and what it adds up for them in registers, and walks the others, a few at a
 * time: what it loads of these meets each of its rows.
 *
 * Layout: rows of a lane lie side by side, lanes one after the other. In `subgroups` a lane loads every fourth element of a
 * walked row, and three quad swaps hand them round, so that in turn s it holds element 4i + (s ^ lane of the quad): its own rows
 * lie in that order too.
 *
 * Launch: one workgroup of four lanes for each 4 · rows rows of a batch.
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
  SLACK,
  shown,
  writesOf,
} from './spec.js';

const LANES = 4;

/** Rows that a lane owns, and others that it takes at a time. */
export interface RegisterTile {
  readonly rows: number;
  readonly others: number;
}

/** More of both spares loads and trips of the sums through memory, and takes longer to compile: 4 · 4 · 64 products a vector. */
export function registerTile({ width, outputs }: AttentionSpec): RegisterTile {
  const longer = Math.max(width, outputs);
  return { rows: longer > 32 ? 4 : 8, others: longer > 64 ? 2 : 4 };
}

const fours = (width: number): number => Math.ceil(width / 4);

export function registerAttention(part: AttentionPart, spec: AttentionSpec, { rows, others }: RegisterTile): Kernel {
  const { queries, keys, width, outputs, causal, mask, dropout } = spec;
  const quad = spec.variant === 'subgroups';
  const params = paramsOf(spec);
  const u = numbers(params);
  const byKey = part === 'keyGrad';
  const [e4, v4] = [fours(width), fours(outputs)];
  const [owned, walked] = byKey ? [keys, queries] : [queries, keys];
  const [ownedSize, walkedSize] = byKey ? [u.keys, u.queries] : [u.queries, u.keys];
  const tiles = Math.ceil(owned / (LANES * rows));
  const ragged = walked % others !== 0;
  const rs = range(rows);
  const ts = range(others);
  const each = (line: (r: number) => string): string => rs.map(line).join('\n    ');

  /** Vectors of `width` of the lane's own rows, from `array` at `base` + row · width. */
  const owns = (name: string, array: string, base: string, length: number, by = ''): string => {
    const slots = fours(length) * 4;
    const element = quad ? '(slot ^ (quad & 3u))' : 'slot';
    return `for (var r = 0u; r < ${rows}u; r++) {
    let at = ${base} + rowOf(first, r) * ${length}u;
    for (var slot = 0u; slot < ${slots}u; slot++) {
      let e = ${element};
      ${name}[r * ${slots}u + slot] = ${length % 4 === 0 ? '' : 'select(0.0, '}${array}[at + ${length % 4 === 0 ? 'e' : `min(e, ${length - 1}u)`}]${length % 4 === 0 ? '' : `, e < ${length}u)`}${by};
    }
  }`;
  };
  /** Four elements of walked row t, as `name`t_0 … 3. */
  const four = (name: string, array: string, i: number, t: number, length: number, by = ''): string => {
    const load = (e: string, beyond: boolean): string =>
      beyond
        ? `select(0.0, ${array}[${name}At${t} + min(${e}, ${length - 1}u)], ${e} < ${length}u)${by}`
        : `${array}[${name}At${t} + ${e}]${by}`;
    const beyond = 4 * i + 3 >= length;
    const own = `${name}${t}_${i}_`;
    if (!quad)
      return range(4)
        .map((s) => `let ${own}${s} = ${load(`${4 * i + s}u`, 4 * i + s >= length)};`)
        .join(' ');
    return `let ${own}0 = ${load(`(${4 * i}u + quad)`, beyond)}; let ${own}1 = quadSwapX(${own}0); let ${own}2 = quadSwapY(${own}0); let ${own}3 = quadSwapDiagonal(${own}0);`;
  };
  const begin = (name: string, base: string, length: number): string =>
    ts.map((t) => `let ${name}At${t} = ${base} + other${t} * ${length}u;`).join(' ');
  /** sum_r_t += own[r] · walked[t]. */
  const dots = (sum: string, own: string, name: string, array: string, length: number, by = ''): string => {
    const n = fours(length);
    return range(n)
      .flatMap((i) => [
        ...ts.map((t) => four(name, array, i, t, length, by)),
        ...rs.flatMap((r) => [
          range(4)
            .map((s) => `let ${own}${r}_${i}_${s} = ${own}[${r * n * 4 + 4 * i + s}];`)
            .join(' '),
          ...ts.map((t) => {
            const terms = range(4).map((s) => `${own}${r}_${i}_${s} * ${name}${t}_${i}_${s}`);
            const before = i === 0 ? [] : [`${sum}${r}_${t}_${i - 1}`];
            return `let ${sum}${r}_${t}${i === n - 1 ? '' : `_${i}`} = ${[...before, ...terms].join(' + ')};`;
          }),
        ]),
      ])
      .join('\n    ');
  };
  /** to[r] += Σ_t factor_r_t · walked[t]; loads what is not held yet. */
  const adds = (to: string, factor: string, name: string, length: number, array?: string): string => {
    const n = fours(length);
    return range(n)
      .flatMap((i) => [
        ...(array ? ts.map((t) => four(name, array, i, t, length)) : []),
        ...rs.flatMap((r) =>
          range(4).map((s) => {
            const slot = `${to}[${r * n * 4 + 4 * i + s}]`;
            return `${slot} = ${[slot, ...ts.map((t) => `${factor}${r}_${t} * ${name}${t}_${i}_${s}`)].join(' + ')};`;
          }),
        ),
      ])
      .join('\n    ');
  };
  /** Rows beyond the last are copies of it that other lanes have too, scaled at other turns: only their owner writes. */
  const stores = (name: string, array: string, length: number, factor: (r: number) => string): string => {
    const slots = fours(length) * 4;
    return each(
      (r) => `if (first + ${r}u < ${ownedSize}) {
      let factor = ${factor(r)};
      for (var slot = 0u; slot < ${slots}u; slot++) {
        let e = ${quad ? '(slot ^ quad)' : 'slot'};
        if (e < ${length}u) { ${array}[(batch * ${ownedSize} + row${r}) * ${length}u + e] = ${name}[${r * slots}u + slot] * factor; }
      }
    }`,
    );
  };
  const [i, j] = byKey
    ? [(_: number, t: number) => `other${t}`, (r: number) => `row${r}`]
    : [(r: number) => `row${r}`, (_: number, t: number) => `other${t}`];
  const keeps = (r: number, t: number): string => (dropout ? ` * kept${r}_${t}` : '');
  const dropped = dropout
    ? each((r) => ts.map((t) => `let kept${r}_${t} = kept(batch, ${i(r, t)}, ${j(r, t)});`).join(' '))
    : '';
  /** Scores as the mask leaves them; of rows that are walked twice, nothing. */
  const masked = each((r) =>
    ts
      .map((t) => {
        const score = causal || mask ? `seen(score${r}_${t}, place.w, ${i(r, t)}, ${j(r, t)})` : `score${r}_${t}`;
        return `let s${r}_${t} = ${ragged && t > 0 ? `select(${NOTHING}, ${score}, other + ${t}u < end)` : score};`;
      })
      .join(' '),
  );
  const most = (r: number): string => ts.map((t) => `s${r}_${t}`).reduce((a, b) => `max(${a}, ${b})`);
  const forward = `
    ${begin('k', 'place.y', width)}
    ${dots('score', 'own', 'k', 'key', width)}
    ${masked}
    ${each((r) => `let most${r} = ${most(r)};`)}
    if (${rs.map((r) => `(most${r} > max${r} + ${SLACK})`).join(' | ')}) {
      ${each((r) => `let factor${r} = exp(max${r} - max(max${r}, most${r})); max${r} = max(max${r}, most${r}); sum${r} *= factor${r};`)}
      ${each((r) =>
        range(4 * v4)
          .map((slot) => `outs[${r * 4 * v4 + slot}] *= factor${r};`)
          .join(' '),
      )}
    }
    ${each((r) => ts.map((t) => `let p${r}_${t} = power(s${r}_${t} - max${r});`).join(' '))}
    ${each((r) => `sum${r} += ${ts.map((t) => `p${r}_${t}`).join(' + ')};`)}
    ${dropped}
    ${dropout ? each((r) => ts.map((t) => `let w${r}_${t} = p${r}_${t}${keeps(r, t)};`).join(' ')) : ''}
    ${begin('v', 'place.z', outputs)}
    ${adds('outs', dropout ? 'w' : 'p', 'v', outputs, 'value')}`;
  const slopes = `
    ${masked}
    ${dropped}
    ${each((r) => ts.map((t) => `let p${r}_${t} = power((s${r}_${t} - told${byKey ? t : r}.x) - told${byKey ? t : r}.y);`).join(' '))}
    ${each((r) => ts.map((t) => `let slope${r}_${t} = ${shown(spec, `p${r}_${t} * (dp${r}_${t}${keeps(r, t)} - told${byKey ? t : r}.z)`, `s${r}_${t}`)};`).join(' '))}`;
  const queryGrad = `
    ${begin('k', 'place.y', width)}
    ${begin('v', 'place.z', outputs)}
    ${dots('score', 'own', 'k', 'key', width)}
    ${dots('dp', 'grad', 'v', 'value', outputs)}
    ${slopes}
    ${adds('outs', 'slope', 'k', width)}`;
  const keyGrad = `
    ${begin('q', 'place.x', width)}
    ${begin('g', `batch * ${u.queries} * ${outputs}u`, outputs)}
    ${ts.map((t) => `let told${t} = rowAt(batch * ${u.queries} + other${t});`).join(' ')}
    ${dots('score', 'own', 'q', 'query', width, ' * scale')}
    ${dots('dp', 'values', 'g', 'grads', outputs)}
    ${slopes}
    ${each((r) => ts.map((t) => `let w${r}_${t} = p${r}_${t}${keeps(r, t)};`).join(' '))}
    ${adds('valueOuts', 'w', 'g', outputs)}
    ${adds('outs', 'slope', 'q', width)}`;
  const arrays = (named: Readonly<Record<string, number>>): string =>
    Object.entries(named)
      .map(([name, n]) => `var ${name} = array<f32, ${rows * 4 * n}>();`)
      .join('\n  ');
  const dense = `batch * ${u.queries} * ${outputs}u`;
  const before = {
    forward: `${arrays({ own: e4, outs: v4 })}
  ${owns('own', 'query', 'place.x', width, ' * scale')}
  ${each((r) => `var max${r} = ${LOWEST}; var sum${r} = 0.0;`)}`,
    queryGrad: `${arrays({ own: e4, grad: v4, outs: e4 })}
  ${owns('own', 'query', 'place.x', width, ' * scale')}
  ${owns('grad', 'grads', dense, outputs)}
  ${each((r) => `let told${r} = rowAt(batch * ${u.queries} + row${r});`)}`,
    keyGrad: `${arrays({ own: e4, values: v4, outs: e4, valueOuts: v4 })}
  ${owns('own', 'key', 'place.y', width)}
  ${owns('values', 'value', 'place.z', outputs)}`,
  }[part];
  const after = {
    forward: `${stores('outs', 'output', outputs, (r) => `select(1.0 / sum${r}, 0.0, sum${r} == 0.0)`)}
    ${each((r) => `if (first + ${r}u < ${ownedSize}) { let at = 2u * (batch * ${u.queries} + row${r}); logs[at] = max${r}; logs[at + 1u] = logOf(sum${r}); }`)}`,
    queryGrad: stores('outs', 'queryGrad', width, () => 'scale'),
    keyGrad: `${stores('outs', 'keyGrad', width, () => '1.0')}
  ${stores('valueOuts', 'valueGrad', outputs, () => '1.0')}`,
  }[part];
  const reads: Record<string, Element> = {
    ...{ query: 'f32', key: 'f32', value: 'f32' },
    ...(part !== 'forward' && { grads: 'f32' }),
    ...readsOf(part, spec),
  };
  const count = tiles * batchesOf(spec);
  const [start, end] = !causal
    ? ['0u', walkedSize]
    : byKey
      ? [`min(first0, ${u.queries})`, walkedSize]
      : ['0u', `min(first0 + ${LANES * rows}u, ${walkedSize})`];
  return kernel({
    name: NAMES[part],
    read: reads,
    write: writesOf(part),
    params: { ...params, tiles, count },
    workgroups: linear(count * LINEAR_WORKGROUP),
    flops: flopsOf(part, spec),
    wgsl: `
${moduleOf(part, spec)}
fn rowOf(first: u32, r: u32) -> u32 { return min(first + r, ${ownedSize} - 1u); }
${laneMain(LANES, 'group_', 'params.count', quad ? ', @builtin(subgroup_invocation_id) subgroupLane: u32' : '')}
  ${quad ? 'let quad = subgroupLane & 3u;' : ''}
  let batch = group_ / params.tiles;
  let first0 = group_ % params.tiles * ${LANES * rows}u;
  let first = first0 + lane * ${rows}u;
  let place = placeOf(batch);
  let scale = bitcast<f32>(params.scale);
  ${each((r) => `let row${r} = rowOf(first, ${r}u);`)}
  ${before}
  let end = ${end};
  for (var other = ${start}; other < end; other += ${others}u) {
    ${ts.map((t) => `let other${t} = ${ragged && t > 0 ? `min(other + ${t}u, end - 1u)` : `other + ${t}u`};`).join(' ')}
    ${{ forward, queryGrad, keyGrad }[part]}
  }
  ${after}
}`,
  });
}
