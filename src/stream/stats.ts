/** What has been asked of the device: for benchmarks, profiles and tests. */
import { atMost } from '../gpu/options.js';
import { pipelineCount } from '../gpu/pipelines.js';
import { pool } from '../memory/pool.js';
import { streamStats } from './stream.js';

/** Counts since the process or page began, and memory held now. */
export interface Stats {
  readonly dispatches: number;
  readonly submits: number;
  /** Writes from the host into buffers. */
  readonly writes: number;
  readonly bindGroups: number;
  /** Shaders compiled. */
  readonly pipelines: number;
  /** Buffers and bytes held, whether in use or waiting for reuse. */
  readonly buffers: number;
  readonly bytes: number;
}

/** Commands issued so far, and GPU memory held. */
export function stats(): Stats {
  atMost('stats', 0, arguments);
  const { buffers, bytes } = pool();
  return { ...streamStats(), pipelines: pipelineCount(), buffers, bytes };
}
