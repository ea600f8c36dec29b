/** What outlives the page: the study that was kept, heard once more, and whether the one under way is kept. */
import { signal } from '@preact/signals';
import type { KeepingState, Kept } from '../../shared/keeping.js';
import { fromLink, type Plan, toLink } from '../../shared/plan.js';
import type { News } from '../../shared/protocol.js';
import { beginStudy, endRun, runs } from './runs.js';

/** Null until it is known. */
export const keeping = signal<KeepingState | null>(null);
/** What could not be read of the kept study. */
let damaged = '';

export function hearKeeping(state: KeepingState): void {
  keeping.value = { ...state, trouble: state.trouble || damaged };
  if (state.bytes === 0) damaged = '';
}

/** A kept study that is not shown: the reader came by a link to another. */
export const offered = signal<Kept<News> | null>(null);

/**
 * Lets the page hear what was told of a kept study; offers it only, where a link to another brought the reader here.
 *
 * @returns what screen readers are told
 */
export function replay(kept: Kept<News>, hear: (news: News) => void, isAsked = false): string {
  damaged = kept.damaged;
  if (!kept.plan) return '';
  if (!isAsked && isFromElsewhere(kept.plan)) {
    offered.value = kept;
    return '';
  }
  offered.value = null;
  beginStudy(kept.plan);
  for (const news of kept.told) {
    if (news.type === 'begin') endRun({ state: 'stopped' });
    hear(news);
  }
  endRun({ state: 'stopped' });
  return canGoOn() ? 'A study that was kept can go on.' : 'A study that was kept is shown.';
}

function isFromElsewhere(kept: Plan): boolean {
  const [entry] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
  return entry?.type === 'navigate' && location.hash !== '' && toLink(fromLink(location.hash)) !== toLink(kept);
}

/** Whether there is something to go on with. */
export const canGoOn = (): boolean =>
  keeping.value?.isKept === true &&
  keeping.value.bytes > 0 &&
  runs.value.some(({ state }) => state === 'stopped' || state === 'waiting');

/** What went wrong, as a sentence. */
export const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
