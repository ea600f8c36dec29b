/** The kinds of cases, each run on the library: what it gives is the worst error as a multiple of its bound. */
import { step, type Tensor, tensor } from 'kindling';
import type { HostTensor } from 'kindling/io';
import { classificationReport, confusionMatrix, microF1 } from 'kindling/metrics';
import * as optim from 'kindling/optim';
import { type Tolerance, worstError } from './compare.js';
import { callOp, camelCased, NotImplemented } from './ops.js';

export type Tensors = ReadonlyMap<string, HostTensor>;
type Attrs = Readonly<Record<string, unknown>>;

export interface OpCase {
  op: string;
  attrs?: Attrs;
  inputs: Record<string, string>;
  outputs: string[];
  grad_output?: string;
  grads?: Record<string, string>;
  tolerance?: Tolerance;
}

export interface OptimizerCase {
  optimizer: string;
  attrs?: Attrs;
  params: string[];
  grads: string[][];
  after: string[][];
}

export interface SchedulerCase {
  scheduler: string;
  attrs?: Attrs;
  base_lr: number;
  lr: number[];
  metrics?: number[];
}

export interface MetricsCase {
  labels: number[];
  predictions: number[];
  class_names: string[];
  confusion_matrix: number[][];
  report: Record<string, number | Record<string, number>>;
  report_text: string;
  micro_f1: number;
}

export function hostTensor(tensors: Tensors, name: string): HostTensor {
  const found = tensors.get(name);
  if (!found) throw new Error(`the case names a tensor "${name}" that its file does not hold`);
  return found;
}

/** A tensor of the file on the device. U8 is read as u32. */
export function onDevice(tensors: Tensors, name: string, requiresGrad = false): Tensor {
  const { data, shape, dtype } = hostTensor(tensors, name);
  return tensor(data, { shape, dtype, requiresGrad });
}

async function worstOf(what: string, got: Tensor, want: HostTensor, tolerance?: Tolerance): Promise<number> {
  // PyTorch's side of the cases holds a scalar operand, and its gradient, as one element in one dimension.
  const sameShape = `${got.shape}` === `${want.shape}` || (got.ndim === 0 && `${want.shape}` === '1');
  if (!sameShape) throw new Error(`${what} has shape [${got.shape}], not [${want.shape}]`);
  return worstError(await got.data(), want.data, want.dtype === 'f32' ? tolerance : undefined);
}

export async function runOp(test: OpCase, tensors: Tensors): Promise<number> {
  const grads = test.grads ?? {};
  const inputs = Object.fromEntries(
    Object.entries(test.inputs).map(([name, key]) => [name, onDevice(tensors, key, name in grads)]),
  );
  const seed = test.grad_output === undefined ? null : onDevice(tensors, test.grad_output);
  const outputs = step(() => {
    const made = callOp(test.op, inputs, test.attrs ?? {});
    if (seed) made[0]?.backward(seed);
    return made;
  });
  const tolerance = test.tolerance ?? { rtol: 1e-4, atol: 1e-5 };
  const errors: number[] = [];
  for (const [i, key] of test.outputs.entries()) {
    const got = outputs[i];
    if (!got) throw new Error(`output ${i} is missing`);
    errors.push(await worstOf(`output ${i}`, got, hostTensor(tensors, key), tolerance));
  }
  for (const [name, key] of Object.entries(grads)) {
    const got = inputs[name]?.grad;
    if (!got) throw new Error(`no gradient by ${name}`);
    errors.push(await worstOf(`gradient by ${name}`, got, hostTensor(tensors, key), tolerance));
    got.dispose();
  }
  for (const made of new Set([...Object.values(inputs), ...outputs, ...(seed ? [seed] : [])])) made.dispose();
  return Math.max(0, ...errors);
}

/** What an optimizer is used for here. */
interface Optimizer {
  step(): void;
}

type Constructor<T> = new (...args: unknown[]) => T;

function classNamed<T>(name: string, namespace: object): Constructor<T> {
  const found = (namespace as Record<string, unknown>)[name];
  if (typeof found !== 'function') throw new NotImplemented(`no ${name}`);
  return found as Constructor<T>;
}

export async function runOptimizer(test: OptimizerCase, tensors: Tensors): Promise<number> {
  const Made = classNamed<Optimizer>(test.optimizer, optim);
  const params = test.params.map((key) => onDevice(tensors, key, true));
  const optimizer = new Made(params, camelCased(test.attrs ?? {}));
  const errors: number[] = [];
  for (const [t, keys] of test.after.entries()) {
    params.forEach((param, i) => {
      param.grad = onDevice(tensors, test.grads[t]?.[i] ?? '');
    });
    step(() => optimizer.step());
    for (const [i, key] of keys.entries()) {
      const param = params[i];
      if (!param) throw new Error(`there is no parameter ${i}`);
      errors.push(await worstOf(`parameter ${i}`, param, hostTensor(tensors, key), { rtol: 1e-5, atol: 1e-6 }));
    }
  }
  return Math.max(0, ...errors);
}

interface Scheduler {
  step(metric?: number): void;
}

/** Learning rates agree to 1e-7 relative; a rate of zero within the rounding of `base_lr`. */
export async function runScheduler(test: SchedulerCase): Promise<number> {
  const group = { params: [], lr: test.base_lr, momentum: 0.9, betas: [0.9, 0.999] };
  const optimizer = { paramGroups: [group] };
  const build = (name: string, attrs: Attrs): Scheduler => {
    const Made = classNamed<Scheduler>(name, optim.lrScheduler);
    const { schedulers, ...rest } = attrs as Attrs & { schedulers?: [string, Attrs][] };
    const parts = schedulers && { schedulers: schedulers.map(([part, options]) => build(part, options)) };
    return new Made(optimizer, { ...parts, ...camelCased(rest) });
  };
  const scheduler = build(test.scheduler, test.attrs ?? {});
  const rates = [group.lr];
  for (let i = 1; i < test.lr.length; i++) {
    scheduler.step(test.metrics?.[i - 1]);
    rates.push(group.lr);
  }
  return worstError(rates, test.lr, { rtol: 1e-7, atol: 1e-16 * test.base_lr });
}

/** Numbers agree to 1e-12; the text is equal. */
export async function runMetrics(test: MetricsCase): Promise<number> {
  const { labels, predictions, class_names: targetNames } = test;
  const classes = targetNames.map((_, i) => i);
  const matrix = confusionMatrix(labels, predictions, { classes });
  const report = classificationReport(labels, predictions, { classes, targetNames });
  const tolerance = { rtol: 0, atol: 1e-12 };
  const numbers = (from: unknown): [string, number][] =>
    Object.entries(from as Record<string, unknown>).flatMap(([key, value]): [string, number][] =>
      typeof value === 'number' ? [[key, value]] : numbers(value).map(([inner, n]) => [`${key}.${inner}`, n]),
    );
  const got = new Map(numbers(report.toJSON()));
  const want = numbers(test.report);
  if (String(report) !== test.report_text) throw new Error(`the report's text differs:\n${report}`);
  return Math.max(
    worstError(matrix.flat(), test.confusion_matrix.flat()),
    worstError([microF1(labels, predictions, { classes })], [test.micro_f1], tolerance),
    worstError(
      want.map(([key]) => got.get(key) ?? Number.NaN),
      want.map(([, value]) => value),
      tolerance,
    ),
  );
}
