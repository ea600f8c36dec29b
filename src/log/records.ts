/** What is logged, as it reaches a sink: plain data, fit for `postMessage`. */

/** How values are distributed. */
export interface Histogram {
  readonly min: number;
  readonly max: number;
  /** Values counted. */
  readonly num: number;
  readonly sum: number;
  readonly sumSquares: number;
  /** Where each bucket ends; the next begins there. */
  readonly bucketLimits: readonly number[];
  /** Values in each bucket. */
  readonly buckets: readonly number[];
}

/** 8 bits a sample, row by row, the channels of a pixel side by side: grey, grey and alpha, RGB, or RGBA. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2 | 3 | 4;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** What a run was made with. */
export type Hparams = Readonly<Record<string, number | string | boolean>>;

interface Entry {
  readonly tag: string;
  readonly step: number;
  /** Seconds since 1970, of the moment in which it was logged. */
  readonly time: number;
}

export type LogRecord =
  | ({ readonly type: 'scalar'; readonly value: number } & Entry)
  | ({ readonly type: 'histogram'; readonly histogram: Histogram } & Entry)
  | ({ readonly type: 'image'; readonly picture: Picture } & Entry)
  | ({ readonly type: 'text'; readonly text: string } & Entry)
  | {
      readonly type: 'hparams';
      readonly hparams: Hparams;
      readonly metrics: Readonly<Record<string, number>>;
      readonly time: number;
    }
  /** The run went back: what was logged of this step and later ones is made again. */
  | { readonly type: 'purge'; readonly step: number; readonly time: number };

/** Where records go, in the order in which they were logged. */
export interface LogSink {
  /** Takes a record. What it returns is awaited before the next. */
  write(record: LogRecord): unknown;
  /** Resolves when everything so far is where it belongs. */
  flush?(): unknown;
  /** After the last record. */
  close?(): unknown;
}
