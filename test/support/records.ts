/** The records of all elementwise ops, by name: bundlers put a module's exports in different orders. */
import * as k from 'kindling';
import * as F from 'kindling/nn/functional';
import * as logits from '../../src/ops/elementwise/logits.js';
import { type BinaryRecord, recordsOf, type UnaryRecord } from '../../src/ops/elementwise/make.js';

const functions = new Set([...Object.values<unknown>(k), ...Object.values<unknown>(F), ...Object.values(logits)]);
const all = [...functions]
  .flatMap((made) => (typeof made === 'function' ? recordsOf(made) : []))
  .sort((a, b) => (a.name < b.name ? -1 : 1));

const ofPairs = (record: UnaryRecord | BinaryRecord): record is BinaryRecord => /\b[ab]\b/.test(record.value);

export const unaryRecords: readonly UnaryRecord[] = all.filter((record) => !ofPairs(record)) as UnaryRecord[];
export const binaryRecords: readonly BinaryRecord[] = all.filter(ofPairs);

/** The record of this name. */
export function record<Record extends { readonly name: string }>(records: readonly Record[], name: string): Record {
  const found = records.find((one) => one.name === name);
  if (!found) throw new Error(`no record ${name}`);
  return found;
}
