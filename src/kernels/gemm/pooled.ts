/** The epilogue of a product whose columns are pooled by 2 × 2 windows: see `pool` of the {@link Gemm}. */
import { isNan } from '../floats.js';
import { finish, type Gemm, type Pooling, range, type Storing } from './spec.js';

/** WGSL that stores the maximum of four values, which lie in `value0` to `value3`, and its place: of NaNs the last. */
function store(spec: Gemm, address: string, first: string): string {
  const { down } = spec.pool ?? { down: '0u' };
  const places = ['place', 'place + 1u', `place + ${down}`, `place + ${down} + 1u`];
  // Behind a ReLU floats are ordered as their bits are, with the NaNs above all.
  const larger = (x: string): string =>
    spec.relu
      ? `bitcast<u32>(${x}) > min(bitcast<u32>(best), 0x7f800000u)`
      : `${isNan(x)} || (${x} > best && !${isNan('best')})`;
  const compare = [1, 2, 3].map((q) => `if (${larger(`value${q}`)}) { best = value${q}; winner = ${places[q]}; }`);
  return `let place = ${first};
      var best = value0;
      var winner = place;
      ${compare.join('\n      ')}
      output[${address}] = best;
      places[${address}] = ${spec.relu ? 'select(winner, 0xffffffffu, bitcast<u32>(best) == 0u)' : 'winner'};`;
}

function storeAll(spec: Gemm, { rows, columns, rowOf, columnOf }: Storing): string {
  const windows = range(columns / 4);
  const lets = windows.map(
    (w) => `  let at${w} = columnOffset(batch, ${columnOf(4 * w)}); let first${w} = firstPlace(${columnOf(4 * w)});`,
  );
  const stores = windows.map((w) => {
    const values = range(4).map((q) => {
      const value = finish(spec, `sums[r * ${columns}u + ${4 * w + q}u]`, 'rowBias', '', '');
      return `let value${q} = ${value};`;
    });
    return `{ ${values.join(' ')}\n      ${store(spec, `at + at${w}`, `first${w}`)}\n    }`;
  });
  return `${lets.join('\n')}
  for (var r = 0u; r < ${rows}u; r++) {
    let row = ${rowOf('r')};
    let at = ${spec.rowOffset};${spec.rowBias ? `\n    let rowBias = ${spec.rowBias};` : ''}
    ${stores.join('\n    ')}
  }`;
}

export const pooled: Pooling = { store, storeAll };
