/** What a run says of itself, on its way to the sinks. */
import { refuse } from '../gpu/errors.js';
import { atMost, checked, isTensor, type Known, required, text } from '../gpu/options.js';
import type { Tensor } from '../tensor/tensor.js';
import { histogramOf } from './histogram.js';
import { DATA_FORMATS, type DataFormat, pictureOf, sizesOf } from './picture.js';
import type { Hparams, LogRecord, LogSink } from './records.js';

export interface LoggerOptions {
  /** Where everything goes, in order: sinks, or functions that take a record each, such as `(record) => postMessage(record)`. */
  sinks: readonly (LogSink | ((record: LogRecord) => unknown))[];
}

export interface ImageOptions {
  /** The order of its dimensions. Default: 'CHW'. */
  dataformats?: DataFormat | undefined;
}

/** An image of the host's: bytes from 0 to 255, or floats from 0 to 1. */
export interface HostImage {
  readonly data: Uint8Array | Uint8ClampedArray | Float32Array;
  readonly shape: readonly number[];
}

const LOGGER: Known<LoggerOptions> = { sinks: 'any' };
const IMAGE: Known<ImageOptions> = { dataformats: DATA_FORMATS };

/** Seconds since 1970. */
const now = (): number => Date.now() / 1000;

/**
 * Logs scalars, histograms, images, text and hyperparameters, to any number of sinks, as PyTorch's `SummaryWriter` does.
 *
 * Tensors are read in the background: what is logged is what they hold when they are logged, they may be freed at once, nothing
 * waits for them, and records reach the sinks in the order in which they were logged all the same. What fails meanwhile is thrown by
 * `flush` and `close`. Files have what was logged two seconds ago; a program ends with `await logger.close()`.
 *
 * @example
 * const logger = new Logger({ sinks: [consoleSink({ every: 10 }), tensorBoardSink('runs/first'), csvSink('runs/first/scalars.csv')] });
 * logger.addScalar('train/loss', loss, step);
 * logger.addHistogram('weights/fc', model.fc.weight, step);
 * await logger.close();
 * @see https://pytorch.org/docs/stable/tensorboard.html
 */
export class Logger {
  readonly #sinks: readonly LogSink[];
  #last: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | null = null;
  #isClosed = false;

  constructor(options: LoggerOptions) {
    atMost('Logger', 1, arguments);
    const { sinks } = checked('Logger', options, LOGGER);
    if (!Array.isArray(sinks)) refuse(`Logger: sinks is ${text(sinks)}, wants an array, such as [consoleSink()]`);
    this.#sinks = sinks.map((sink, i) => {
      if (typeof sink === 'function') return { write: sink };
      if (typeof sink?.write !== 'function') refuse(`Logger: sink ${i} is ${text(sink)}, wants a sink or a function`);
      return sink;
    });
  }

  /**
   * A number at a step.
   *
   * @param value a number, or a tensor of one element
   * @param step a whole number. Default: 0
   */
  addScalar(tag: string, value: number | Tensor, step = 0): void {
    const entry = this.#entry('addScalar', tag, step);
    if (isTensor(value)) {
      if (value.size !== 1) refuse(`addScalar: ${tag} is a tensor of ${value.size} elements, wants one`);
      this.#put(value.item().then((read) => ({ type: 'scalar', ...entry, value: read })));
    } else if (typeof value !== 'number') refuse(`addScalar: ${tag} is ${text(value)}, wants a number or a tensor`);
    else this.#put({ type: 'scalar', ...entry, value });
  }

  /** Numbers under names that begin alike: `addScalars('loss', { train, test }, step)` is `loss/train` and `loss/test`. */
  addScalars(mainTag: string, values: Readonly<Record<string, number | Tensor>>, step = 0): void {
    if (typeof values !== 'object' || values === null || isTensor(values)) {
      refuse(`addScalars: wants numbers by name, such as { train: 0.5 }, got ${text(values)}`);
    }
    for (const [name, value] of Object.entries(values)) this.addScalar(`${mainTag}/${name}`, value, step);
  }

  /**
   * How values are distributed. A tensor is read whole, and sorted into buckets by the host: weights of millions, rarely.
   * Elements that are not finite are left out.
   */
  addHistogram(tag: string, values: Tensor | ArrayLike<number>, step = 0): void {
    const entry = this.#entry('addHistogram', tag, step);
    const put = (data: ArrayLike<number>): LogRecord => ({ type: 'histogram', ...entry, histogram: histogramOf(data) });
    if (isTensor(values)) this.#put(values.data().then(put));
    else if (typeof values !== 'object' || values === null || typeof values.length !== 'number') {
      refuse(`addHistogram: ${tag} is ${text(values)}, wants a tensor or an array of numbers`);
    } else this.#put(put(values));
  }

  /**
   * An image of 1 to 4 channels: grey, grey and alpha, RGB, RGBA.
   *
   * @param image [C, H, W] unless `dataformats` says otherwise. An f32 tensor goes from 0 to 1, one of integers from 0 to 255, a
   *   bool tensor is black and white; what lies outside is cut
   */
  addImage(tag: string, image: Tensor | HostImage, step = 0, options: ImageOptions = {}): void {
    const entry = this.#entry('addImage', tag, step);
    const { dataformats = 'CHW' } = checked('addImage', options, IMAGE);
    if (!isTensor(image) && !(ArrayBuffer.isView(image?.data) && Array.isArray(image.shape))) {
      refuse(`addImage: ${tag} is ${text(image)}, wants a tensor, or { data, shape }`);
    }
    const { shape } = image;
    const { H, W, C } = sizesOf(shape, dataformats);
    const put = (data: ArrayLike<number>, white: number): LogRecord => ({
      type: 'image',
      ...entry,
      picture: pictureOf(data, shape, dataformats, white),
    });
    if (isTensor(image)) {
      const white = image.dtype === 'f32' || image.dtype === 'bool' ? 1 : 255;
      this.#put(image.data().then((data) => put(data, white)));
      return;
    }
    const { data } = image;
    if (data.length !== H * W * C) refuse(`addImage: ${data.length} elements do not fit shape [${shape.join(', ')}]`);
    this.#put(put(data, data instanceof Float32Array ? 1 : 255));
  }

  /** A text, which TensorBoard shows as Markdown. */
  addText(tag: string, content: string, step = 0): void {
    const entry = this.#entry('addText', tag, step);
    required('addText', { content }, { content: 'string' });
    this.#put({ type: 'text', ...entry, text: content });
  }

  /**
   * What the run was made with, and what came of it: a line in TensorBoard's table of runs. Metrics are logged as scalars of
   * their names too.
   */
  addHparams(hparams: Hparams, metrics: Readonly<Record<string, number>> = {}): void {
    this.#refuseClosed('addHparams');
    wantValues('hparams', hparams, ['number', 'string', 'boolean']);
    wantValues('metrics', metrics, ['number']);
    this.#put({ type: 'hparams', hparams: { ...hparams }, metrics: { ...metrics }, time: now() });
  }

  /**
   * The run has gone back to before `step`: what was logged of it and of later ones, by this process or one before, will be logged
   * anew. Files of lines lose those, TensorBoard is told to forget them (PyTorch's `purge_step`).
   */
  purge(step: number): void {
    this.#refuseClosed('purge');
    required('purge', { step }, { step: 'whole' });
    this.#put({ type: 'purge', step, time: now() });
  }

  /** Resolves when everything so far has reached its place. @throws what kept it from that */
  flush(): Promise<void> {
    return this.#settle(() => this.#each((sink) => sink.flush?.()));
  }

  /** As `flush`, and lets the sinks go; nothing can be logged any more. */
  close(): Promise<void> {
    if (this.#isClosed) return this.#last;
    this.#isClosed = true;
    return this.#settle(async () => {
      await this.#each((sink) => sink.flush?.());
      await this.#each((sink) => sink.close?.());
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #settle(body: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(body);
    await this.#last;
    const failed = this.#failure;
    this.#failure = null;
    if (failed) throw failed.error;
  }

  #entry(op: string, tag: string, step: number): { tag: string; step: number; time: number } {
    this.#refuseClosed(op);
    required(op, { tag, step }, { tag: 'string', step: 'whole' });
    if (tag === '') refuse(`${op}: the tag is empty`);
    return { tag, step, time: now() };
  }

  #refuseClosed(op: string): void {
    if (this.#isClosed) refuse(`${op}: the logger is closed`);
  }

  /** Hands a record on once all before it are. */
  #put(record: LogRecord | Promise<LogRecord>): void {
    // Until its turn comes nobody waits for it.
    if (record instanceof Promise) record.catch(() => {});
    this.#last = this.#last.then(async () => {
      try {
        const made = await record;
        await this.#each((sink) => sink.write(made));
      } catch (error) {
        this.#failure ??= { error };
      }
    });
  }

  /** One sink that fails keeps nothing from the others. */
  async #each(body: (sink: LogSink) => unknown): Promise<void> {
    for (const sink of this.#sinks) {
      try {
        await body(sink);
      } catch (error) {
        this.#failure ??= { error };
      }
    }
  }
}

/** @throws KindlingError unless `values` is an object of values of these types */
function wantValues(what: string, values: unknown, types: readonly string[]): void {
  if (typeof values !== 'object' || values === null) refuse(`addHparams: ${what} is ${text(values)}, wants an object`);
  for (const [name, value] of Object.entries(values)) {
    if (!types.includes(typeof value)) refuse(`addHparams: ${name} is ${text(value)}, wants a ${types.join(' or a ')}`);
  }
}
