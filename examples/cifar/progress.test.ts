import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { StudyProgress } from './progress.js';

let written: string[];
const stream = { isTTY: false, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream;

beforeEach(() => {
  written = [];
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => vi.useRealTimers());

/** A progress of two runs of two epochs of five steps, on a pipe. */
const started = (synthetic = false): StudyProgress =>
  new StudyProgress({ stream, runs: 2, finished: 0, stepsPerRun: 10, synthetic });

function steps(progress: StudyProgress, epoch: number, from: number, to: number, seconds: number): void {
  for (let step = from; step <= to; step++) {
    vi.advanceTimersByTime(seconds * 1000);
    progress.step({ epoch, step, stepsPerEpoch: 5, loss: 2, learningRate: 1e-3, images: 64 });
  }
}

it('says loss, accuracy so far, images per second and time left now and then', () => {
  const progress = started();
  progress.begin('baseline');
  steps(progress, 1, 1, 5, 8);
  vi.advanceTimersByTime(100_000);
  progress.epoch({ epoch: 1, trainLoss: 2, testAccuracy: 0.25, learningRate: 1e-3 });
  steps(progress, 2, 1, 1, 8);
  expect(written).toEqual([
    '5 %  baseline  epoch 1 step 1/5  loss 2.0000  acc –  – images/s  … left\n',
    '15 %  baseline  epoch 1 step 3/5  loss 2.0000  acc –  8 images/s  3 min left\n',
    '25 %  baseline  epoch 1 step 5/5  loss 2.0000  acc –  8 images/s  2 min left\n',
    'baseline  epoch 1: train loss 2.0000, test accuracy 25.0%\n',
    '30 %  baseline  epoch 2 step 1/5  loss 2.0000  acc 25.0%  8 images/s  6 min left\n',
  ]);
});

it('counts no step that a checkpoint has behind it as made', () => {
  const progress = started();
  progress.begin('baseline');
  steps(progress, 2, 4, 5, 10);
  progress.end('done');
  progress.begin('norm_inputs');
  steps(progress, 1, 1, 1, 10);
  // Three steps in 30 s, and nine to go.
  expect(written.at(-1)).toBe('55 %  norm_inputs  epoch 1 step 1/5  loss 2.0000  acc –  – images/s  2 min left\n');
});

it('says synthetic in every line', () => {
  const progress = started(true);
  progress.begin('baseline');
  steps(progress, 1, 1, 5, 20);
  progress.epoch({ epoch: 1, trainLoss: 2, testAccuracy: 0.25, learningRate: 1e-3 });
  progress.end('micro-F1 25.0 %');
  expect(written).toHaveLength(7);
  expect(written.every((line) => line.startsWith('synthetic · '))).toBe(true);
});

it('says what the first step waits for, where that takes long', () => {
  const progress = started();
  progress.begin('baseline');
  progress.prepare('compiling shaders: 1 of 11');
  vi.advanceTimersByTime(16_000);
  progress.prepare('tuning kernels: 3 of 80');
  progress.prepare('tuning kernels: 4 of 80');
  steps(progress, 1, 1, 1, 1);
  vi.advanceTimersByTime(16_000);
  progress.prepare('compiling shaders: 12 of 13');
  expect(written).toEqual([
    'baseline  tuning kernels: 3 of 80\n',
    '5 %  baseline  epoch 1 step 1/5  loss 2.0000  acc –  – images/s  … left\n',
  ]);
});
