/** In which order launches have to run, and what running some at a time would give. */
import type { Launch, Range } from './launches.js';

const meet = (a: Range, b: Range): boolean => a.buffer === b.buffer && a.from < b.to && b.from < a.to;
const anyMeet = (some: readonly Range[], others: readonly Range[]): boolean =>
  some.some((a) => others.some((b) => meet(a, b)));

/** What of a range lies outside of another. */
function without(range: Range, other: Range): Range[] {
  if (!meet(range, other)) return [range];
  return [
    { ...range, to: Math.min(range.to, other.from) },
    { ...range, from: Math.max(range.from, other.to) },
  ].filter(({ from, to }) => from < to);
}

/** For each launch those before it whose results it reads: what any order has to keep. */
export function producers(launches: readonly Launch[]): number[][] {
  return launches.map(({ reads }, i) => {
    const found: number[] = [];
    let wanted: readonly Range[] = reads;
    for (let j = i - 1; j >= 0 && wanted.length > 0; j--) {
      const writes = launches[j]?.writes ?? [];
      if (!anyMeet(wanted, writes)) continue;
      found.push(j);
      wanted = writes.reduce<readonly Range[]>((left, by) => left.flatMap((range) => without(range, by)), wanted);
    }
    return found;
  });
}

/** For each launch those before it that it has to wait for in the buffers that the plan gives them, which temporaries share. */
export function predecessors(launches: readonly Launch[]): number[][] {
  return launches.map(({ reads, writes }, i) =>
    launches.slice(0, i).flatMap((before, j) => {
      const waits = anyMeet(before.writes, reads) || anyMeet(before.writes, writes) || anyMeet(before.reads, writes);
      return waits ? [j] : [];
    }),
  );
}

/**
 * Launches as Dawn lets them run side by side: a barrier stands before each that touches a buffer, any part of it, which one since the last
 * barrier has written, or writes a buffer that one has read; it waits for everything before it.
 */
export function barriers(launches: readonly Launch[]): number[][] {
  const groups: number[][] = [];
  let read = new Set<number>();
  let written = new Set<number>();
  launches.forEach(({ reads, writes }, i) => {
    const waits =
      [...reads, ...writes].some(({ buffer }) => written.has(buffer)) || writes.some(({ buffer }) => read.has(buffer));
    if (waits || groups.length === 0) {
      groups.push([]);
      [read, written] = [new Set(), new Set()];
    }
    groups.at(-1)?.push(i);
    for (const { buffer } of reads) read.add(buffer);
    for (const { buffer } of writes) written.add(buffer);
  });
  return groups;
}

/** The chain of launches that takes longest. @param waits for each launch, those before it that it waits for */
export function criticalPath(
  times: readonly number[],
  waits: readonly (readonly number[])[],
): { time: number; path: number[] } {
  const ends: { time: number; path: number[] }[] = [];
  times.forEach((time, i) => {
    let longest: { time: number; path: number[] } = { time: 0, path: [] };
    for (const j of waits[i] ?? []) if ((ends[j]?.time ?? 0) > longest.time) longest = ends[j] ?? longest;
    ends.push({ time: longest.time + time, path: [...longest.path, i] });
  });
  return ends.reduce((longest, one) => (one.time > longest.time ? one : longest), { time: 0, path: [] });
}
