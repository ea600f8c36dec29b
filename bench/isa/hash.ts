import { createHash } from 'node:crypto';

/** Says whether a shader is the one that was compiled. */
export const hashOf = (wgsl: string): string => createHash('sha256').update(wgsl).digest('hex').slice(0, 16);
