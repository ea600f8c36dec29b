import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { duration, Progress } from './progress.js';

let written: string[];
const stream = { isTTY: false, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream;

beforeEach(() => {
  written = [];
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => vi.useRealTimers());

it('writes a line every 15 seconds where there is no terminal', () => {
  const progress = new Progress({ stream, total: 40, label: 'digits' });
  for (let done = 1; done <= 10; done++) {
    vi.advanceTimersByTime(4000);
    progress.step(done, `loss ${done}`);
  }
  expect(written).toEqual([
    '2 %  digits  step 1/40  loss 1  … left\n',
    '12 %  digits  step 5/40  loss 5  3 min left\n',
    '22 %  digits  step 9/40  loss 9  3 min left\n',
  ]);
});

it('takes the pace from steps of this process, and the time left from all bars to come', () => {
  const progress = new Progress({ stream, total: 30, done: 10, prefix: 'made · ' });
  progress.begin('second', 10);
  vi.advanceTimersByTime(20_000);
  progress.step(9, 'loss 1', 'here');
  vi.advanceTimersByTime(20_000);
  progress.step(10, 'loss 1', 'here');
  progress.end();
  progress.begin('third', 10);
  vi.advanceTimersByTime(20_000);
  progress.step(1, 'loss 1', 'here');
  progress.line('text');
  expect(written).toEqual([
    'made · 63 %  second  here  loss 1  … left\n',
    'made · 66 %  second  here  loss 1  4 min left\n',
    'made · 70 %  third  here  loss 1  3 min left\n',
    'made · text\n',
  ]);
});

it('draws a bar on a terminal, and writes lines above it', () => {
  const drawn: string[] = [];
  const terminal = {
    isTTY: true,
    columns: 100,
    write: (text: string) => drawn.push(text),
    on: () => {},
    removeListener: () => {},
  } as unknown as NodeJS.WriteStream;
  vi.useRealTimers();
  const progress = new Progress({ stream: terminal, total: 4, label: 'digits' });
  for (let done = 1; done <= 4; done++) progress.step(done, `loss ${done}`);
  progress.line('half way');
  progress.stop();
  const text = drawn.join('');
  expect(text).toContain('half way\n');
  expect(text).toMatch(/digits +█+ 100% {2}loss 4 {2}0 s left/);
});

it.each([
  [0.2, '1 s'],
  [89, '89 s'],
  [91, '2 min'],
  [5400, '1.5 h'],
])('writes %d seconds as %s', (seconds, text) => expect(duration(seconds)).toBe(text));
