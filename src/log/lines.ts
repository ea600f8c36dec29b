/** Logs of a line a record, for programs that read text: CSV and JSON Lines. */
import { readFileIfThere, writeFileAtomic } from '#disk';
import { atMost } from '../gpu/options.js';
import { Growing, type LogFile, wantFile } from './file.js';
import type { LogRecord, LogSink } from './records.js';

const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** How records become lines. */
interface Lines {
  /** The first line of a file, where it has one. */
  readonly header: string;
  /** The line of a record; null where it has none. */
  line(record: LogRecord): string | null;
  /** The step that a line is of; null where it is of none. */
  stepOf(line: string): number | null;
}

function linesSink(op: string, to: string | LogFile, { header, line, stepOf }: Lines): LogSink {
  const file = new Growing(op, to, () => encode(header), true);
  /** Takes the lines of `step` and later ones out of a file, which is replaced whole or not at all. */
  async function purge(path: string, step: number): Promise<void> {
    await file.close();
    const bytes = await readFileIfThere(path);
    if (!bytes) return;
    const kept = new TextDecoder()
      .decode(bytes)
      .split('\n')
      // What follows the last line's end was never written in full.
      .slice(0, -1)
      .filter((one) => !((stepOf(one) ?? Number.NEGATIVE_INFINITY) >= step));
    await writeFileAtomic(path, kept.map((one) => `${one}\n`).join(''));
  }
  return {
    write(record) {
      if (record.type === 'purge') return typeof to === 'string' ? purge(to, record.step) : undefined;
      const text = line(record);
      if (text !== null) file.add(encode(`${text}\n`));
      return undefined;
    },
    flush: () => file.flush(),
    async close() {
      await file.close();
    },
  };
}

/** A field of CSV, in quotes where it needs them (RFC 4180). */
const field = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/**
 * Scalars as CSV, a line each: `step,time,tag,value`, which every table program and `pandas.read_csv` read; what is no scalar is left
 * out. A file that is there is gone on with; a last line that a killed process left unfinished is cut off first. Where a run goes
 * back (`purge` of the logger), the lines that it makes anew are taken out.
 *
 * @param to a path, whose folders are made, in a page of the origin private file system; or a place of one's own
 */
export function csvSink(to: string | LogFile): LogSink {
  atMost('csvSink', 1, arguments);
  wantFile('csvSink', to, 'the path of a file');
  return linesSink('csvSink', to, {
    header: 'step,time,tag,value\n',
    line: (record) =>
      record.type === 'scalar' ? `${record.step},${record.time},${field(record.tag)},${record.value}` : null,
    stepOf: (line) => (/^\d+,/.test(line) ? Number.parseInt(line, 10) : null),
  });
}

/** What JSON cannot say of numbers is text. */
const plain = (_: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;

/**
 * Records as JSON Lines, an object each: `{"type":"scalar","tag":"train/loss","step":3,"time":…,"value":0.5}`. NaN and infinities are
 * text, `"NaN"`; of images there are the sizes alone. Files are gone on with as those of {@link csvSink}.
 *
 * @param to a path, whose folders are made, in a page of the origin private file system; or a place of one's own
 */
export function jsonlSink(to: string | LogFile): LogSink {
  atMost('jsonlSink', 1, arguments);
  wantFile('jsonlSink', to, 'the path of a file');
  return linesSink('jsonlSink', to, {
    header: '',
    line(record) {
      if (record.type !== 'image') return JSON.stringify(record, plain);
      const { picture, ...rest } = record;
      const { data: _, ...sizes } = picture;
      return JSON.stringify({ ...rest, ...sizes });
    },
    stepOf(line) {
      try {
        const { step } = JSON.parse(line) as { step?: unknown };
        return typeof step === 'number' ? step : null;
      } catch {
        return null;
      }
    },
  });
}
