/** What the reader changed while a run went on, in words. */
import { CHANGEABLE } from '../../shared/complaints.js';
import type { Run } from '../state/runs.js';
import { rateText } from './numbers.js';

const SHORT = { decay: 'L2', dropoutDense: 'dropout fc1', dropoutConv: 'dropout conv' } as const;

/** For the chart. Rates are seen in the steps themselves. */
export function marksOf({ marks, changes }: Run): { step: number; text: string }[] {
  return [
    ...marks.map(({ step, rate }) => ({ step, text: `lr ${rateText(rate)}` })),
    ...changes.flatMap(({ step, what, value }) =>
      what === 'rate' ? [] : [{ step, text: `${SHORT[what]} ${what === 'decay' ? rateText(value) : value}` }],
    ),
  ];
}

export function firstChange({ marks, changes }: Run): { step: number; what: string } | undefined {
  return [
    ...marks.map(({ step }) => ({ step, what: 'the learning rate' })),
    ...changes.map(({ step, what }) => ({ step, what: `the ${CHANGEABLE[what].toLowerCase()}` })),
  ].sort((one, other) => one.step - other.step)[0];
}
