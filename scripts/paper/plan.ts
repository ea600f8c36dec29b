/** A step on paper: each launch with its bound, and what the step takes in all. */
import type { Adapter } from './adapters.js';
import { type Bound, boundOf, type Mix } from './bound.js';
import { bytesOf, type Launch } from './launches.js';
import { alignment, type Measured } from './measured.js';
import { barriers, criticalPath, predecessors, producers } from './order.js';
import { traffic } from './traffic.js';

export interface Row extends Bound {
  /** Its place in the step, from 1 on. */
  readonly place: number;
  readonly name: string;
  readonly workgroups: readonly number[];
  readonly invocations: number;
  readonly multiplyAdds: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Bytes that no cache holds. */
  readonly missed: number;
  /** Of its inner loop; null where the compiler's figures are not known, and nothing is taken off the peak for them. */
  readonly inner: Mix | null;
  /** Microseconds, in a pass of its own; null where nothing was measured. */
  readonly measured: number | null;
  /** Whether what was measured had another number of workgroups. */
  readonly isOther: boolean;
  /** Measured over bound, and what is measured beyond arithmetic and memory at their peaks, in microseconds. */
  readonly ratio: number | null;
  readonly gain: number;
}

/** Microseconds of a step. */
export interface Totals {
  /** Each launch after the other. */
  readonly sum: number;
  /** Of them, what is not work. */
  readonly launches: number;
  /** What is: at the peaks, with the instruction mix, and with the workgroups as they are. */
  readonly least: number;
  readonly mixed: number;
  readonly work: number;
  /** As Dawn's barriers let them overlap. */
  readonly barriers: number;
  readonly groups: number;
  /** The longest chain of launches that wait for each other, as their buffers are shared; and by what they read alone. */
  readonly path: number;
  readonly dataPath: number;
  /** Its places. */
  readonly chain: readonly number[];
  /** Of those that were measured, in passes of their own; and their bounds there. */
  readonly measured: number | null;
  readonly measuredBound: number | null;
}

export interface Plan {
  readonly rows: readonly Row[];
  readonly totals: Totals;
}

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

/** Work of launches side by side: as long as the longest of them, or as the device takes for what all of them have to do. */
const together = (rows: readonly Row[]): number =>
  Math.max(...rows.map(({ work }) => work), sum(rows.map(({ mixed }) => mixed)), sum(rows.map(({ memory }) => memory)));

/**
 * @param mixOf what a compiler made of a shader, by its hash
 * @param timeline what was measured, in its order
 */
export function planOf(
  launches: readonly Launch[],
  adapter: Adapter,
  mixOf: (hash: string) => Mix | null,
  timeline: readonly Measured[] = [],
): Plan {
  const moved = traffic(launches, adapter.cache?.bytes ?? 0);
  const { launchUs = 0, passUs = launchUs } = adapter;
  const isDispatch = launches.flatMap(({ hash }, i) => (hash === null ? [] : [i]));
  const names = isDispatch.map((i) => launches[i]?.name ?? '');
  const aligned = alignment(
    names,
    timeline.map(({ name }) => name),
  );
  const rows = launches.map((launch, i): Row => {
    const inner = launch.hash === null || launch.multiplyAdds === 0 ? null : mixOf(launch.hash);
    const flow = moved[i] ?? { bytes: 0, missed: 0 };
    const bound = boundOf(launch, inner, flow, adapter);
    const found = timeline[aligned[isDispatch.indexOf(i)] ?? -1];
    const measured = found ? 1000 * found.ms : null;
    const least = Math.max(bound.arithmetic, bound.memory);
    return {
      place: i + 1,
      ...{ name: launch.name, workgroups: launch.workgroups, invocations: launch.invocations },
      ...{ multiplyAdds: launch.multiplyAdds, bytesRead: bytesOf(launch.reads), bytesWritten: bytesOf(launch.writes) },
      missed: flow.missed,
      ...bound,
      ...{ inner, measured },
      isOther: found !== undefined && found.workgroups.join() !== launch.workgroups.join(),
      ratio: measured === null ? null : measured / (passUs + bound.work),
      gain: measured === null ? bound.work - least : measured - passUs - least,
    };
  });
  return { rows, totals: totalsOf(launches, rows, { launchUs, passUs }) };
}

function totalsOf(
  launches: readonly Launch[],
  rows: readonly Row[],
  { launchUs, passUs }: { launchUs: number; passUs: number },
): Totals {
  const times = rows.map(({ total }) => total);
  const groups = barriers(launches);
  const overlapped = groups.map((group) => launchUs + together(group.flatMap((i) => rows[i] ?? [])));
  // However many run at a time, the device has to do all of it.
  const all = together(rows) + launchUs;
  const byBuffers = criticalPath(times, predecessors(launches));
  const byData = criticalPath(times, producers(launches));
  const known = rows.filter(({ measured }) => measured !== null);
  return {
    sum: sum(times),
    launches: launchUs * rows.length,
    least: sum(rows.map(({ arithmetic, memory }) => Math.max(arithmetic, memory))),
    mixed: sum(rows.map(({ mixed, memory }) => Math.max(mixed, memory))),
    work: sum(rows.map(({ work }) => work)),
    barriers: sum(overlapped),
    groups: groups.length,
    path: Math.max(byBuffers.time, all),
    dataPath: Math.max(byData.time, all),
    chain: byData.path.map((i) => i + 1),
    measured: known.length > 0 ? sum(known.map(({ measured }) => measured ?? 0)) : null,
    measuredBound: known.length > 0 ? sum(known.map(({ work }) => passUs + work)) : null,
  };
}
