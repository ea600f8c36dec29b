/** What a function launches: each shader as this adapter gets it, and the shape of its launch. */
import { atMost, required } from '../gpu/options.js';
import type { EncodedDispatch } from '../stream/commands.js';
import { setStopwatch } from '../stream/encode.js';
import { sync } from '../stream/stream.js';
import { run } from './stopwatch.js';

/** A buffer that a shader binds. */
export interface LaunchBinding {
  readonly name: string;
  /** As the shader has it, such as `array<f32>`. */
  readonly type: string;
  readonly access: 'read' | 'read_write' | 'uniform';
  readonly bytes: number;
}

/** One dispatch. */
export interface Launch {
  /** Dotted, as in `conv2d.weightGrad.partial`. */
  readonly name: string;
  /** The complete shader; its entry point is `main`. */
  readonly wgsl: string;
  readonly workgroups: readonly [number, number, number];
  readonly workgroupSize: readonly [number, number, number];
  /** Bytes of memory that a workgroup shares. */
  readonly workgroupBytes: number;
  /** In binding order: what is read, what is written, and the numbers in `params`, if there are any. */
  readonly bindings: readonly LaunchBinding[];
  /** Multiplications and additions, where the kernel says how many: products and convolutions do. */
  readonly flops: number | null;
}

const WORD = 4;

/** Bytes of a type: a number, a vector, or an array of these that has a length. */
function sizeOf(type: string): number {
  const [, element = '', count] = /^array<(.+), (\d+)u?>$/.exec(type) ?? [];
  if (count !== undefined) return Number(count) * sizeOf(element);
  const [, width = '1', of = type] = /^vec([234])<(.+)>$/.exec(type) ?? [];
  // In an array a vec3 takes the place of a vec4.
  return (width === '3' ? 4 : Number(width)) * (of === 'f16' ? WORD / 2 : WORD);
}

/** Whole numbers that the shader calls by name. */
const named = (wgsl: string, type: string): string =>
  type.replace(/, (\w+)>/g, (whole, name: string) => {
    const [, value] = new RegExp(`\\bconst ${name}\\b[^=]*= (\\d+)u?;`).exec(wgsl) ?? [];
    return value === undefined ? whole : `, ${value}>`;
  });

function launchOf({ kernel, bound }: EncodedDispatch): Launch {
  const { name, wgsl, workgroups, params, flops } = kernel;
  const [, size = '1'] = /@workgroup_size\(([^)]*)\)/.exec(wgsl) ?? [];
  const [x = 1, y = 1, z = 1] = size
    .split(',')
    .map((part) => Number.parseInt(named(wgsl, `, ${part.trim()}>`).slice(2), 10));
  const shared = [...wgsl.matchAll(/var<workgroup> \w+: ([^;]+);/g)].map(([, type = '']) => sizeOf(named(wgsl, type)));
  const declared = wgsl.matchAll(/@binding\(\d+\) var<(storage, read|storage, read_write|uniform)> (\w+): ([^;]+);/g);
  return {
    name,
    wgsl,
    workgroups,
    workgroupSize: [x, y, z],
    workgroupBytes: shared.reduce((sum, bytes) => sum + bytes, 0),
    bindings: [...declared].map(([, kind = '', of = '', type = ''], i) => ({
      name: of,
      type,
      access: kind.replace('storage, ', '') as LaunchBinding['access'],
      bytes: bound[i]?.size ?? WORD * (params?.length ?? 0),
    })),
    flops: flops ?? null,
  };
}

/**
 * Runs `body` once and tells what it has the device do, dispatch by dispatch, in order: the text of every shader, as it is
 * compiled for this adapter and with what was put together into one launch, and how it is launched. Nothing else should use the
 * device meanwhile.
 *
 * @param body not async, such as `() => step(() => matmul(a, b))`
 * @example
 * for (const { name, wgsl } of await launches(() => step(() => softmax(x, 1)))) console.log(`// ${name}\n${wgsl}`);
 */
export async function launches(body: () => unknown): Promise<Launch[]> {
  atMost('launches', 1, arguments);
  required('launches', { body }, { body: 'function' });
  await sync();
  const found: Launch[] = [];
  setStopwatch({
    start(dispatch) {
      found.push(launchOf(dispatch));
      return undefined;
    },
    finish() {},
  });
  try {
    await run(body);
  } finally {
    setStopwatch(null);
  }
  return found;
}
