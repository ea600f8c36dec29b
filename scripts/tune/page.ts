import type { Host } from '../page.js';
import { type TuneReport, type TuneRequest, tuneStudy } from './study.js';

export const main = (host: Host, request: unknown): Promise<TuneReport> =>
  tuneStudy(request as TuneRequest, (line) => void host.call('progress', line));
