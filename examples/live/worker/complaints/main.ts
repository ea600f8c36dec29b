/** What the reader provokes, so that the answer can be seen. */
import { destroy } from 'kindling';
import type { Provocation } from '../../shared/complaints.js';
import type { News } from '../../shared/protocol.js';
import type { Control } from '../control.js';
import { keepBusy } from './busy.js';
import { trainSmall } from './memory.js';
import { poison } from './poison.js';

export interface Bench {
  readonly control: Control;
  readonly tell: (news: News) => void;
  /** Lets the device do something once it is free. */
  readonly enqueue: (task: () => Promise<void>) => void;
}

let isEnough = false;

export function answer(by: Provocation, { control, tell, enqueue }: Bench): void {
  const goesOn = (): boolean => !isEnough && !control.isWanted;
  const later = (task: () => Promise<void>): void => {
    isEnough = false;
    enqueue(task);
  };
  switch (by.what) {
    case 'lose':
    case 'restore':
      destroy();
      // A study that waits would notice when it goes on.
      control.advance('on');
      break;
    case 'poison':
      control.between(() => poison(by.layer, control, tell));
      break;
    case 'freeze':
      later(() => keepBusy(by.seconds, tell, goesOn));
      break;
    case 'memory':
      later(() => trainSmall(by.steps, tell, goesOn));
      break;
    case 'enough':
      isEnough = true;
      break;
    default:
      by satisfies never;
  }
}
