/** The tuner's choice for a kernel. It holds until the page is left, and is stored nowhere. */
import { step } from 'kindling';
import { tune } from 'kindling/tune';
import type { Tuned, Wanted } from '../shared/protocol.js';
import { withCase } from './rung.js';

export const tunedOf = (
  wanted: Wanted,
  report: (done: number, total: number) => void,
  signal: AbortSignal,
): Promise<Tuned[]> =>
  withCase(wanted, async (prepared) => {
    const seen: { family: string; candidate: string; ms: number | null }[] = [];
    const found = await tune(() => step(() => prepared.run()), {
      again: true,
      store: false,
      signal,
      onProgress({ done, total, family, candidate, ms }) {
        seen.push({ family, candidate: JSON.stringify(candidate), ms });
        report(done, total);
      },
    });
    return found.map(({ family, choice, defaultMs, ms }) => ({
      family,
      choice: choice && JSON.stringify(choice),
      defaultMs,
      ms,
      candidates: seen
        .filter((one) => one.family === family)
        .map(({ candidate, ms: took }) => ({ candidate, ms: took })),
    }));
  });
