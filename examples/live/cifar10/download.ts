/** Fetches CIFAR-10 from its parquet files, segment after segment; what is kept already is not fetched again. */
import { type Bringing, FILES, PUBLIC, type Split, WHOLE } from '../shared/cifar10.js';
import { openTable, recordsOf, type Segment, type Table } from './parquet.js';
import type { Parts, Stretch } from './parts.js';
import { Progress } from './progress.js';
import { type Bytes, sha256 } from './records.js';
import { RefusedError, RemoteFile } from './remote.js';

export interface DownloadOptions {
  /** The folder of both files. */
  readonly base: string;
  readonly parts: Parts;
  readonly signal: AbortSignal;
  readonly tell: (bringing: Bringing) => void;
  /** See RemoteFile; and bytes of a segment. */
  readonly delay?: number | undefined;
  readonly together?: number | undefined;
}

/** Fetches of a segment that cannot be decoded. */
const FETCHES = 3;

/** What a part says of pictures that come from `base`. */
export async function originOf(base: string): Promise<string> {
  if (base === PUBLIC) return 'hub';
  return (await sha256(new TextEncoder().encode(base))).slice(0, 8);
}

interface Source {
  readonly split: Split;
  readonly file: RemoteFile;
  readonly table: Table;
}

/** The test pictures come first: with some of the others, training can begin. */
const ORDER: readonly Split[] = ['test', 'train'];

export async function download(options: DownloadOptions): Promise<void> {
  const { base, parts, tell } = options;
  const origin = await originOf(base);
  const sources: Source[] = [];
  const early = new Progress(tell, 0, 0);
  let progress = early;
  for (const split of ORDER) {
    const url = `${base}/${FILES[split]}`;
    const file = await new RemoteFile(url, {
      ...options,
      onBytes: (bytes) => progress.came(bytes),
      onHitch: (why) => progress.hitch(why),
    }).open();
    const table = await openTable(file, options.together).catch((cause: Error) => {
      options.signal.throwIfAborted();
      throw new Error(`${url}: ${cause.message}`, { cause });
    });
    if (base === PUBLIC && table.count !== WHOLE[split]) {
      throw new Error(`${url} has ${table.count} pictures instead of ${WHOLE[split]}`);
    }
    sources.push({ split, file, table });
  }
  const stretchOf = ({ split, table }: Source, { first, count }: Segment): Stretch => ({
    origin,
    split,
    first,
    count,
    total: table.count,
  });
  // Parts of files that the server had before.
  const all = sources.flatMap((source) => source.table.segments.map((segment) => stretchOf(source, segment)));
  await parts.remove((part) => part.origin === origin && !all.some((one) => isSame(one, part)));

  const bytes = sources.flatMap(({ table }) => table.segments.map(sizeOf));
  progress = new Progress(tell, sum(bytes), sum(sources.map(({ table }) => table.count)));
  for (const source of sources) {
    const { segments } = source.table;
    const missing = segments.filter((segment) => !parts.has(stretchOf(source, segment)));
    const there = segments.filter((segment) => !missing.includes(segment));
    // A file that had to come as a whole is here already, as are parts.
    const here = source.file.hasRanges ? there : segments;
    progress.had(sum(here.map(sizeOf)), sum(there.map(({ count }) => count)));
    await fetchAll(source, missing, progress, (segment, records) => parts.put(stretchOf(source, segment), records));
  }
  for (const { split } of sources) await checkCounts(parts, origin, split);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
const sizeOf = ({ start, end }: Segment): number => end - start;
const isSame = (a: Stretch, b: Stretch): boolean =>
  a.split === b.split && a.first === b.first && a.count === b.count && a.total === b.total;

/** While one segment is decoded, the next is on its way. */
async function fetchAll(
  { file, table }: Source,
  segments: readonly Segment[],
  progress: Progress,
  keep: (segment: Segment, records: Bytes) => Promise<void>,
): Promise<void> {
  const ask = (segment: Segment | undefined): Promise<ArrayBuffer> | null => {
    const asked = segment ? file.slice(segment.start, segment.end) : null;
    // It is heard when its turn comes.
    asked?.catch(() => undefined);
    return asked;
  };
  let next = ask(segments[0]);
  for (const [i, segment] of segments.entries()) {
    let bytes = (await next) as ArrayBuffer;
    next = ask(segments[i + 1]);
    let records: Bytes | null = null;
    for (let fetches = 1; records === null; fetches++) {
      try {
        records = await recordsOf(table, segment, bytes);
      } catch (error) {
        // Wrong bytes may be right the next time.
        const why = error instanceof Error ? error.message : String(error);
        if (fetches === FETCHES || !file.hasRanges) throw new RefusedError(`the server gives damaged pictures: ${why}`);
        progress.came(-sizeOf(segment));
        progress.hitch(`Damaged pictures came (${why}); fetching them again.`);
        bytes = await file.slice(segment.start, segment.end);
      }
    }
    await keep(segment, records);
    progress.decoded(segment.count);
  }
}

/** All of CIFAR-10 has as many pictures of each class. What has not is not kept. */
export async function checkCounts(parts: Parts, origin: string, split: Split): Promise<void> {
  const counts = await parts.counts(origin, split);
  const all = sum(counts);
  if (all !== WHOLE[split] || counts.every((count) => count === all / 10)) return;
  await parts.remove((part) => part.origin === origin && part.split === split);
  throw new Error(`CIFAR-10 has ${all / 10} ${split} pictures of each class; these are ${counts.join(', ')}`);
}
