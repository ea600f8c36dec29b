/** The report of what is known now. */
import type { Report } from '../text/report.js';
import { adapter, measured, rungs, tuned } from './session.js';

/** Set when the page is built. */
declare const KINDLING_VERSION: string;

const NOBODY = { host: '', description: 'no adapter', isSoftware: false, vendor: '', architecture: '' };

export const reportOf = (): Report => ({
  adapter: adapter.value ?? NOBODY,
  browser: navigator.userAgent,
  version: KINDLING_VERSION,
  date: new Date().toISOString().slice(0, 10),
  measured: measured.value,
  rungs: rungs.value,
  tuned: Object.entries(tuned.value).map(([key, found]) => {
    const [id = '', size] = key.split(' ');
    return { id, size: Number(size), found };
  }),
});
