/** Studies to hold one's own against, loaded when a chart wants them. */
import { signal } from '@preact/signals';
import { comparable, type Reference } from '../references/reference.js';
import { pictures, studied } from './runs.js';

const all = signal<readonly Reference[] | null>(null);
let asked = false;

/** Those of the study under way; none until they are loaded. */
export function ownReferences(): Reference[] {
  if (!asked) {
    asked = true;
    import('../references/figures.json').then(({ default: figures }) => {
      all.value = figures as unknown as Reference[];
    });
  }
  const [study, shown] = [studied.value, pictures.value];
  if (!study || !shown || !all.value) return [];
  return comparable(all.value, { ...study, data: shown.synthetic ? 'synthetic' : 'cifar10' });
}
