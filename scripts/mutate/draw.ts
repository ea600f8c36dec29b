/** Which places to break: drawn by a seed, spread over the families of kernels. */
import { create, globals } from 'webgpu';
import { Generator } from '../../src/tensor/generator.js';
import type { Place } from './instrument.js';
import { broken, tokens } from './wgsl.js';
import type { Baseline } from './worker.js';

/** A place, and the shaders that hold it as indices of the baseline's kernels. */
export interface Site extends Place {
  readonly place: number;
  /** Changes to choose from. */
  readonly choices: number;
  readonly kernels: ReadonlySet<number>;
}

export interface Mutant {
  readonly site: Site;
  readonly choice: number;
  /** The name of a kernel that it breaks, and the line of its shader before and after. */
  readonly kernel: string;
  readonly before: string;
  readonly after: string;
}

/** Every place that can be broken in the shaders of the tests and of the catalogue, in the order of the sources. */
export function sitesOf({ kernels }: Baseline, places: readonly Place[]): Site[] {
  const found = new Map<number, { choices: number; kernels: Set<number> }>();
  kernels.forEach(({ wgsl }, index) => {
    for (const { place, changes } of tokens(wgsl)) {
      if (place === null || changes.length === 0) continue;
      const entry = found.get(place) ?? { choices: 0, kernels: new Set() };
      entry.choices = Math.max(entry.choices, changes.length);
      entry.kernels.add(index);
      found.set(place, entry);
    }
  });
  return [...found]
    .sort(([a], [b]) => a - b)
    .flatMap(([place, entry]) => {
      const at = places[place];
      return at ? [{ ...at, place, ...entry }] : [];
    });
}

/**
 * Draws `count` mutants that compile. Each family gets a share by the square root of its number of places, at least two:
 * a large family is drawn from more, and a small one not left out.
 */
export async function draw(sites: readonly Site[], baseline: Baseline, seed: number, count: number): Promise<Mutant[]> {
  const random = new Generator(seed);
  const families = new Map<string, Site[]>();
  for (const site of sites) families.set(site.family, [...(families.get(site.family) ?? []), site]);
  const lists = [...families.values()].map((own) => Array.from(random.permutation(own.length), (i) => own[i] as Site));
  const shares = split(
    lists.map((list) => list.length),
    count,
  );
  const compiles = await compiler();
  const drawn: Mutant[] = [];
  const take = async (list: Site[], wanted: number): Promise<number> => {
    let left = wanted;
    while (left > 0) {
      const site = list.pop();
      if (!site) break;
      const mutant = await mutate(site, random.integer(site.choices), baseline, compiles);
      if (!mutant) continue;
      drawn.push(mutant);
      left--;
    }
    return left;
  };
  let missing = 0;
  for (const [i, list] of lists.entries()) missing += await take(list, shares[i] ?? 0);
  for (const list of lists) missing = await take(list, missing);
  return drawn;
}

function split(sizes: readonly number[], count: number): number[] {
  const total = sizes.reduce((sum, size) => sum + Math.sqrt(size), 0);
  const exact = sizes.map((size) => Math.max(Math.min(2, size), (count * Math.sqrt(size)) / total));
  const shares = exact.map(Math.floor);
  const byRest = exact.map((share, i) => [share % 1, i] as const).sort((a, b) => b[0] - a[0]);
  const sum = (): number => shares.reduce((a, b) => a + b, 0);
  for (const [, i] of byRest) if (sum() < count) shares[i] = (shares[i] ?? 0) + 1;
  while (sum() > count) {
    const most = shares.indexOf(Math.max(...shares));
    shares[most] = (shares[most] ?? 0) - 1;
  }
  return shares;
}

/** Null where the change does not compile in every shader that holds the place, or changes none. */
async function mutate(site: Site, choice: number, baseline: Baseline, compiles: Compiler): Promise<Mutant | null> {
  let example: Mutant | null = null;
  for (const index of [...site.kernels].sort((a, b) => a - b)) {
    const kernel = baseline.kernels[index];
    const result = kernel && broken(kernel.wgsl, site.place, choice);
    if (!result) continue;
    if (!(await compiles(result.text)) && (await compiles(kernel.wgsl))) return null;
    example ??= { site, choice, kernel: kernel.name, before: result.before, after: result.after };
  }
  return example;
}

type Compiler = (wgsl: string) => Promise<boolean>;

/** Held here: what is collected before its device ends the process. */
const instances: unknown[] = [];

/** Compiles shaders on Dawn's null backend, which validates them and runs nothing. */
async function compiler(): Promise<Compiler> {
  Object.assign(globalThis, globals);
  const gpu = create(['backend=null']);
  const adapter = await gpu.requestAdapter();
  if (!adapter) throw new Error('Dawn has no null backend');
  const subgroups: GPUFeatureName[] = adapter.features.has('subgroups') ? ['subgroups'] : [];
  const device = await adapter.requestDevice({
    requiredFeatures: subgroups,
    requiredLimits: {
      maxComputeWorkgroupStorageSize: adapter.limits.maxComputeWorkgroupStorageSize,
      maxComputeInvocationsPerWorkgroup: adapter.limits.maxComputeInvocationsPerWorkgroup,
      maxStorageBuffersPerShaderStage: adapter.limits.maxStorageBuffersPerShaderStage,
    },
  });
  instances.push(gpu, adapter, device);
  return async (code) => {
    device.pushErrorScope('validation');
    const module = device.createShaderModule({ code });
    device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: 'main' } });
    return (await device.popErrorScope()) === null;
  };
}
