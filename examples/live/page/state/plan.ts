/** The plan that the reader has before them, kept in the link. */
import { effect, signal } from '@preact/signals';
import { fromLink, type Plan, toLink } from '../../shared/plan.js';

export const plan = signal<Plan>(fromLink(location.hash));

export const change = (changes: Partial<Plan>): void => {
  plan.value = { ...plan.value, ...changes };
};

/** Lets link and plan follow each other. A page that was opened without a plan in its link has none until one is changed. */
export function keepLink(): void {
  addEventListener('hashchange', () => {
    plan.value = fromLink(location.hash);
  });
  const first = toLink(plan.value);
  effect(() => {
    const link = toLink(plan.value);
    if (link !== first || location.hash) history.replaceState(null, '', `#${link}`);
  });
}
