/**
 * Maps: kernels that compute a line of WGSL for every element of a shape, from the elements of their inputs that belong to it:
 * those at the same index, or at strides (strided.ts). A kernel may hold several, each a step that reads what others have made,
 * which then need not exist in memory; and a kernel of another kind may have steps as a tail, behind what it makes. The plan of a
 * batch (`src/stream/fuse.ts`) puts them together. Launch: see flat.ts.
 *
 * ```wgsl
 * fn f0(a: f32, b: f32) -> f32 { return a * b; }
 * fn f1(x: f32) -> f32 { return 1.0 / (1.0 + exp(-x)); }
 * … let y0 = f0(x0, x1); let t0 = bitcast<u32>(y0) | params.zero;
 * let y1 = f1(bitcast<f32>(t0)); z1[i] = y1;
 * ```
 *
 * From step to step a value goes as bits that no compiler knows. So it may be a NaN (floats.ts), and no product is contracted
 * with a sum of the next step: several maps in one kernel give the bits that they give one by one.
 */
import { type Flat, flatKernel, lifted, SOFTWARE_FLAT, SOFTWARE_FLAT_MANY, scalarsOnly, type Use } from './flat.js';
import { elementOf, FLOATS } from './floats.js';
import type { Element, Kernel, Tail } from './kernel.js';
import { type Operand, operandOf } from './strided.js';
import type { Made, MapLine, MapRead, MapStep } from './types.js';

/** Whether an expression depends on a name. */
export const names = (expression: string, name: string): boolean => new RegExp(`\\b${name}\\b`).test(expression);

const sizeOf = ({ shape }: MapLine): number => shape.reduce((product, n) => product * n, 1);

const operandFor = ([{ shape }, input]: MapRead, size: number, mayVector: boolean): Operand =>
  operandOf(input.strides ? shape : [size], { strides: [1], ...input }, mayVector);

let maps = 0;

/** The kernel of one map. */
export function mapKernel(line: MapLine, flat: Flat): Kernel {
  const size = sizeOf(line);
  const reads = line.inputs.map((input): MapRead => [line, input]);
  const ways = reads.map((read) => {
    const { use, index } = operandFor(read, size, false);
    const way = index('');
    return typeof use !== 'string' || (size === 1 && way === '[0u]') ? '' : way;
  });
  const step = { line, from: reads.map((_, n) => n), stored: true };
  const map = { line, flat, id: maps++, size, ways, together: stepsKernel, behind: tailOf };
  return { ...stepsKernel([step], reads, flat), map };
}

/** Whether a function has lines enough to compile for long. */
const isLong = (text: string): boolean => /\n.+\n/.test(text);

const PLACE = { name: 'place', type: 'u32' } as const;

/** What steps compute of elements, or of four at once, as WGSL; a step that is null is what the kernel itself makes, `y`. */
function compute(steps: readonly (MapStep | null)[], isFour: boolean) {
  const typed = (type: Made): string => elementOf(type, isFour);
  const made = new Set(steps.flatMap((step) => step?.from ?? []).filter((n) => n < 0));
  const params: Record<string, number> = made.size > 0 ? { zero: 0 } : {};
  const module = new Set([FLOATS]);
  const write: Record<string, Made> = {};
  const body = steps.flatMap((step, k) => {
    const kept = made.has(~k)
      ? [`let t${k} = bitcast<${typed('u32')}>(${step ? `y${k}` : 'y'}) | ${typed('u32')}(params.zero);`]
      : [];
    if (!step) return kept;
    const { inputs, result, value, uses = [], params: own = {} } = step.line;
    for (const [name, bits] of Object.entries(own)) params[name + k] = bits;
    for (const one of uses) module.add(one);
    const isPlaced = names(value, 'place');
    const args = [...inputs, ...(isPlaced ? [PLACE] : [])].map(({ name, type }) => `${name}: ${type}`).join(', ');
    // Not by its number alone: f16 is a type.
    const f = `f${k.toString(20)}`;
    module.add(`fn ${f}(${args}) -> ${result} { return ${value.replace(/\bparams\.\w+/g, `$&${k}`)}; }`);
    const given = inputs.map(({ type }, i) => {
      const at = step.from[i] ?? 0;
      return at < 0 ? `bitcast<${typed(type)}>(t${~at})` : `x${at}`;
    });
    if (isPlaced) given.push('place');
    const call = given.length > 0 ? lifted(f, given, isFour) : `${typed(result)}(${f}())`;
    if (step.stored) write[`z${k}`] = result;
    return [`let y${k} = ${call};`, ...kept, ...(step.stored ? [`z${k}[i] = y${k};`] : [])];
  });
  if (steps.some((step) => step && names(step.line.value, 'place'))) {
    body.unshift(isFour ? 'let place = 4u * i + vec4<u32>(0, 1, 2, 3);' : 'let place = i;');
  }
  return {
    params,
    module: [...module].join('\n'),
    write,
    body,
    name: steps.map((step) => step?.line.name ?? '').join('+'),
  };
}

/** The kernel of several: it binds what they read, then what they are to write. */
export function stepsKernel(steps: readonly MapStep[], reads: readonly MapRead[], own: Flat): Kernel {
  const arrays = reads.length + steps.filter(({ stored }) => stored).length;
  const flat = own === SOFTWARE_FLAT && arrays > 4 ? SOFTWARE_FLAT_MANY : own;
  const size = sizeOf((steps[0] as MapStep).line);
  const readAt = (mayVector: boolean): Operand[] => reads.map((read) => operandFor(read, size, mayVector));
  const vector = flat.vector && readAt(true).every((one) => one.vector);
  const isFour = vector && size % 4 === 0;
  const operands = readAt(isFour);
  const { write, body, ...made } = compute(steps, isFour);
  const loads = (once: boolean): string[] =>
    operands.flatMap((operand, n) => (operand.once === once ? [operand.load(`x${n}`, `a${n}`)] : []));
  return flatKernel({
    ...made,
    read: Object.fromEntries(operands.map(({ use }, n) => [`a${n}`, use])),
    write: Object.fromEntries(Object.entries(write).map(([name, walked]): [string, Use] => [name, { walked }])),
    size,
    flat: vector ? flat : scalarsOnly(flat),
    setup: loads(true).join('\n'),
    rolled: steps.length > 1 || steps[0]?.line.uses?.some(isLong),
    body: () => [...loads(false), ...body].join('\n'),
  });
}

/** Steps behind a kernel that makes `size` elements, the first of `steps`. */
export function tailOf(
  steps: readonly (MapStep | null)[],
  reads: readonly MapRead[],
  size: number,
  keeps: boolean,
): Tail {
  const { body, module, ...made } = compute(steps, false);
  const operands = reads.map((read) => operandFor(read, size, false));
  const loads = operands.map(({ load }, n) => load(`x${n}`, `a${n}`));
  return {
    ...made,
    module: `${module}\nfn tail(y: f32, i: u32) {\n${[...loads, ...body].join('\n')}\n}`,
    read: Object.fromEntries(reads.map(([, { type }], n): [string, Element] => [`a${n}`, type])),
    keeps,
  };
}
