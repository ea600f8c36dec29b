/** What the kernel page and its worker say to each other. */
import type { Launch, Peaks } from 'kindling/profile';

export interface FoundAdapter {
  readonly host: string;
  readonly description: string;
  readonly isSoftware: boolean;
  readonly vendor: string;
  readonly architecture: string;
}

/** A comparison with float64. */
export interface Check {
  /** The largest error as a share of what it is measured against, and the place where it was found. */
  readonly error: number;
  readonly place: number;
  readonly got: number;
  readonly wanted: number;
  /** Results that were compared, of how many. */
  readonly compared: number;
  readonly outputs: number;
  readonly holds: boolean;
  /** Something else that must hold. */
  readonly also: string | null;
}

/** One size of a kernel. */
export interface Rung {
  readonly id: string;
  readonly size: number;
  readonly seed: number;
  readonly shape: string;
  readonly launches: readonly Launch[];
  readonly check: Check;
  /** Null until it is measured. */
  readonly speed: Speed | null;
}

export interface Speed {
  readonly ms: number;
  readonly minMs: number;
  readonly rounds: number;
  readonly replays: number;
  readonly by: 'timestamps' | 'clock';
  /** Null where arithmetic is not what counts. */
  readonly gflops: number | null;
  /** Of what has to be read and written, each once. */
  readonly gbs: number;
  /** Of the peak of multiply-adds or of memory, whichever is more. */
  readonly peakShare: number;
  /** Milliseconds of all measurements. */
  readonly tookMs: number;
}

/** What the tuner found for one op. */
export interface Tuned {
  readonly family: string;
  readonly choice: string | null;
  readonly defaultMs: number;
  readonly ms: number;
  readonly candidates: readonly { readonly candidate: string; readonly ms: number | null }[];
}

export interface Measured {
  readonly peaks: Peaks;
  /** Milliseconds of a submit that does next to nothing: what cannot be told apart by the clock. */
  readonly floorMs: number;
  readonly by: 'timestamps' | 'clock';
}

/** Which kernel, how large, on which numbers. */
export interface Wanted {
  readonly id: string;
  readonly size: number;
  readonly seed: number;
}

export type Order =
  | { readonly type: 'open' }
  /** Run it, tell its shaders, and compare. */
  | ({ readonly type: 'look' } & Wanted)
  /** Up the ladders of these. */
  | { readonly type: 'climb'; readonly ids: readonly string[]; readonly seed: number }
  | ({ readonly type: 'tune' } & Wanted)
  | { readonly type: 'stop' };

export type News =
  | { readonly type: 'adapter'; readonly adapter: FoundAdapter }
  | { readonly type: 'noAdapter'; readonly why: string }
  /** What goes on. */
  | { readonly type: 'at'; readonly what: string; readonly done: number; readonly total: number }
  /** Shaders compile; nothing is left where all are done. */
  | { readonly type: 'compiling'; readonly done: number; readonly total: number }
  | { readonly type: 'peaks'; readonly measured: Measured }
  | { readonly type: 'rung'; readonly rung: Rung }
  | { readonly type: 'tuned'; readonly id: string; readonly size: number; readonly tuned: readonly Tuned[] }
  /** An order is done; `trouble` where it could not be. */
  | { readonly type: 'idle'; readonly trouble: string | null };
