/** The epilogue of a product whose columns are pooled by 2 × 2 windows: see `pool` of the {@link Gemm}. */
import { range } from '../range.js';
import { finish, type Gemm, type Pooling, rowStart, type Storing } from './spec.js';

/** WGSL of a value of the window. */
const value = (spec: Gemm, sum: string): string => `relu(${finish(spec, sum, 'rowBias', '')})`;

/** WGSL that stores the maximum of four values, which lie in `value0` to `value3`, and its place: of NaNs the last. */
function store(spec: Gemm, address: string, first: string): string {
  const { down } = spec.pool ?? { down: '0u' };
  const places = ['place', 'place + 1u', `place + ${down}`, `place + ${down} + 1u`];
  // Behind a ReLU floats are ordered as their bits are, with the NaNs above all.
  const larger = (x: string): string => `bitcast<u32>(${x}) > min(bitcast<u32>(best), 0x7f800000u)`;
  const compare = [1, 2, 3].map((q) => `if (${larger(`value${q}`)}) { best = value${q}; winner = ${places[q]}; }`);
  return `let place = ${first};
      var best = value0;
      var winner = place;
      ${compare.join('\n      ')}
      output[${address}] = best;
      places[${address}] = select(winner, 0xffffffffu, bitcast<u32>(best) == 0u);`;
}

function storeAll(spec: Gemm, { rows, columns, rowOf, columnOf }: Storing): string {
  const windows = range(columns / 4);
  const lets = windows.map(
    (w) => `  let at${w} = columnOffset(batch, ${columnOf(4 * w)}); let first${w} = firstPlace(${columnOf(4 * w)});`,
  );
  const stores = windows.map((w) => {
    const values = range(4).map((q) => {
      return `let value${q} = ${value(spec, `sums[r * ${columns}u + ${4 * w + q}u]`)};`;
    });
    return `{ ${values.join(' ')}\n      ${store(spec, `at + at${w}`, `first${w}`)}\n    }`;
  });
  return `${lets.join('\n')}
  for (var r = 0u; r < ${rows}u; r++) {
    let row = ${rowOf('r')};
    ${rowStart(spec)}
    ${stores.join('\n    ')}
  }`;
}

function storeFour(spec: Gemm, sum: string, column: string, columns: string): string {
  const values = range(4).map((d) => `let value${d} = ${value(spec, `${sum}[${d}]`)};`);
  return `{ let column = ${column}; if (column < ${columns}) {
      let address = at + columnOffset(batch, column);
      ${values.join(' ')}
      ${store(spec, 'address', 'firstPlace(column)')}
    } }`;
}

export const pooled: Pooling = { storeFour, storeAll };
