/** Which part of a study is this process's: what `--shard` and the environment of a cluster say, and who trains what. */
import type { GridPoint } from '../job.js';

export interface Shard {
  /** From 0. */
  readonly index: number;
  readonly count: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads `--shard`: `2/3` is the second of three parts; `auto` the part that Slurm's array says by `SLURM_ARRAY_TASK_ID`, which
 * begins where the array does; `auto/8` that of eight which `SLURM_ARRAY_TASK_ID` or Kubernetes' `JOB_COMPLETION_INDEX` says, from
 * 0, whatever part of the array was queued again.
 *
 * @throws Error saying what is wanted
 */
export function shardOf(text: string, env: Environment): Shard {
  const [, which = '', count] = /^(auto|\d+)(?:\/(\d+))?$/.exec(text.trim()) ?? [];
  if (which === 'auto') return count === undefined ? fromArray(env) : fromIndex(Number(count), env);
  const [number, parts] = [Number(which), Number(count)];
  if (which === '' || !(number >= 1 && number <= parts)) {
    throw new Error(`--shard ${text}: want i/n with i from 1 to n, as 2/3, or auto, or auto/n`);
  }
  return { index: number - 1, count: parts };
}

const numberIn = (env: Environment, name: string): number | null =>
  /^\d+$/.test(env[name] ?? '') ? Number(env[name]) : null;

function fromArray(env: Environment): Shard {
  const [id, count] = [numberIn(env, 'SLURM_ARRAY_TASK_ID'), numberIn(env, 'SLURM_ARRAY_TASK_COUNT')];
  if (id === null || count === null) {
    const index = numberIn(env, 'JOB_COMPLETION_INDEX') !== null;
    throw new Error(
      index
        ? '--shard auto: JOB_COMPLETION_INDEX comes without a count: write --shard auto/n'
        : '--shard auto: there are no SLURM_ARRAY_TASK_ID and SLURM_ARRAY_TASK_COUNT here; write --shard i/n',
    );
  }
  const [least, step] = [numberIn(env, 'SLURM_ARRAY_TASK_MIN') ?? 0, numberIn(env, 'SLURM_ARRAY_TASK_STEP') || 1];
  const index = (id - least) / step;
  if (!Number.isInteger(index) || index < 0 || index >= count) {
    throw new Error(
      `--shard auto: task ${id} of an array of ${count} from ${least} on; its indices must be evenly spaced, or write --shard auto/n`,
    );
  }
  return { index, count };
}

function fromIndex(count: number, env: Environment): Shard {
  const index = numberIn(env, 'SLURM_ARRAY_TASK_ID') ?? numberIn(env, 'JOB_COMPLETION_INDEX');
  if (index === null) {
    throw new Error(`--shard auto/${count}: there is no SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX here`);
  }
  if (index >= count) throw new Error(`--shard auto/${count}: indices go from 0 to ${count - 1}, this one is ${index}`);
  return { index, count };
}

/**
 * The runs of each part. Those that go on from another's weights are in its part, behind it; else parts are as even as can be,
 * and the same on every machine.
 */
export function divide<Point extends GridPoint>(points: readonly Point[], count: number): Point[][] {
  const chains: Point[][] = [];
  for (const point of points) {
    const { startFrom } = point.scenario;
    const before = ({ scenario, seed }: GridPoint): boolean => scenario.name === startFrom && seed === point.seed;
    const chain = startFrom === undefined ? undefined : chains.find((one) => one.some(before));
    if (chain) chain.push(point);
    else chains.push([point]);
  }
  const parts = Array.from({ length: count }, (): Point[] => []);
  for (const chain of chains.sort((a, b) => b.length - a.length)) {
    parts.reduce((least, part) => (part.length < least.length ? part : least)).push(...chain);
  }
  const order = new Map(points.map((point, i) => [point, i]));
  return parts.map((part) => part.sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0)));
}
