/**
 * TensorBoard's event files: records framed as TensorFlow frames them, each an `Event` of its protocol buffers.
 *
 * A record: length u64 · masked CRC-32C of the length · the message · masked CRC-32C of the message, little endian.
 *
 * @see https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
 * @see https://github.com/tensorflow/tensorboard/tree/master/tensorboard/compat/proto event, summary, tensor
 * @see https://github.com/tensorflow/tensorboard/tree/master/tensorboard/plugins/hparams api, plugin_data
 */
import { crc32c } from '../io/crc32.js';
import { type Field, joinedBytes, message } from '../io/wire.js';
import { pngOf } from './picture.js';
import type { Histogram, Hparams, LogRecord, Picture } from './records.js';

/** A checksum that may itself be summed: turned by 15 bits, and a constant added. */
const masked = (bytes: Uint8Array): number => {
  const sum = crc32c(bytes);
  return (((sum >>> 15) | (sum << 17)) + 0xa282ead8) >>> 0;
};

/** A message as a record of a file. */
export function framed(content: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(content.length + 16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(content.length), true);
  view.setUint32(8, masked(bytes.subarray(0, 8)), true);
  bytes.set(content, 12);
  view.setUint32(12 + content.length, masked(content), true);
  return bytes;
}

/** The record that a file begins with. */
export const versionEvent = (time: number): Uint8Array<ArrayBuffer> =>
  framed(
    message([
      [1, { double: time }],
      [3, 'brain.Event:2'],
    ]),
  );

/** The bytes that a file grows by for what was logged. */
export async function eventsOf(record: LogRecord): Promise<Uint8Array<ArrayBuffer>> {
  const { time } = record;
  const step = 'step' in record ? record.step : 0;
  const event = (what: Field): Uint8Array<ArrayBuffer> => framed(message([[1, { double: time }], [2, step], what]));
  switch (record.type) {
    case 'scalar':
      return event(summary(record.tag, [2, { float: record.value }]));
    case 'histogram':
      return event(summary(record.tag, [5, histogramMessage(record.histogram)]));
    case 'image':
      return event(summary(record.tag, [4, await imageMessage(record.picture)]));
    case 'text':
      return event(summary(`${record.tag}/text_summary`, [8, textTensor(record.text)], [9, plugin('text')]));
    case 'hparams': {
      const { hparams, metrics } = record;
      const parts = [
        ...hparamsSummaries(hparams, Object.keys(metrics), time),
        ...Object.entries(metrics).map(([tag, value]) => summary(tag, [2, { float: value }])),
      ];
      return joinedBytes(parts.map(event));
    }
    case 'purge':
      // `SessionLog` of status START: readers forget this step and later ones of earlier files.
      return event([7, message([[1, 1]])]);
    default:
      return record satisfies never;
  }
}

/** The field of an event that holds one value under a tag. */
const summary = (tag: string, ...value: Field[]): Field => [5, message([[1, message([[1, tag], ...value])]])];

/** `SummaryMetadata`: whose value it is, and what that one is to know of it. */
const plugin = (name: string, content?: Uint8Array): Uint8Array =>
  message([[1, message([[1, name], ...(content ? [[2, content] as const] : [])])]]);

const histogramMessage = ({ min, max, num, sum, sumSquares, bucketLimits, buckets }: Histogram): Uint8Array =>
  message([
    ...[min, max, num, sum, sumSquares].map((value, i): Field => [i + 1, { double: value }]),
    [6, { doubles: bucketLimits }],
    [7, { doubles: buckets }],
  ]);

const imageMessage = async (picture: Picture): Promise<Uint8Array> =>
  message([
    [1, picture.height],
    [2, picture.width],
    [3, picture.channels],
    [4, await pngOf(picture)],
  ]);

/** `TensorProto` of one string (DT_STRING is 7), of shape [1]. */
const textTensor = (text: string): Uint8Array =>
  message([
    [1, 7],
    [2, message([[2, message([[1, 1]])]])],
    [8, text],
  ]);

/** What the dashboard of hyperparameters wants: an experiment, and the beginning and end of a session in it. */
function hparamsSummaries(hparams: Hparams, metrics: readonly string[], time: number): Field[] {
  const entries = Object.entries(hparams);
  const experiment = message([
    ...entries.map(
      ([name, value]): Field => [
        4,
        message([
          [1, name],
          [4, typeOf(value)],
        ]),
      ],
    ),
    ...metrics.map((tag): Field => [5, message([[1, message([[2, tag]])]])]),
  ]);
  const start = message([
    ...entries.map(
      ([name, value]): Field => [
        1,
        message([
          [1, name],
          [2, protoValue(value)],
        ]),
      ],
    ),
    [5, { double: time }],
  ]);
  const end = message([
    [1, 1],
    [2, { double: time }],
  ]);
  const about = (name: string, number: number, content: Uint8Array): Field =>
    summary(`_hparams_/${name}`, [9, plugin('hparams', message([[number, content]]))]);
  return [about('experiment', 2, experiment), about('session_start_info', 3, start), about('session_end_info', 4, end)];
}

type HparamValue = Hparams[string];

/** Of `DataType`: a string, a bool, a float64. */
const typeOf = (value: HparamValue): number => (typeof value === 'string' ? 1 : typeof value === 'boolean' ? 2 : 3);

/** As `google.protobuf.Value`. */
function protoValue(value: HparamValue): Uint8Array {
  if (typeof value === 'string') return message([[3, value]]);
  if (typeof value === 'boolean') return message([[4, value ? 1 : 0]]);
  return message([[2, { double: value }]]);
}
