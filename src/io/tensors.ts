/** State dicts as safetensors files, and back. */
import { refuse } from '../gpu/errors.js';
import { atMost, text, wantTensor } from '../gpu/options.js';
import { tensor } from '../tensor/create.js';
import type { Tensor } from '../tensor/tensor.js';
import { type HostTensor, readSafetensors, wantBytes, wantStrings, writeSafetensors } from './safetensors.js';

/**
 * The bytes of a safetensors file of `tensors`, as they are when this is called: `saveSafetensors(model.stateDict())`.
 *
 * @param metadata strings for the file's header
 */
export async function saveSafetensors(
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<Uint8Array> {
  atMost('saveSafetensors', 2, arguments);
  wantStrings('saveSafetensors', metadata);
  if (typeof tensors !== 'object' || tensors === null) {
    refuse(`saveSafetensors: wants tensors by name, such as model.stateDict(), got ${text(tensors)}`);
  }
  for (const [name, one] of Object.entries(tensors)) wantTensor('saveSafetensors', name, one);
  return writeSafetensors(await toHost(tensors), metadata);
}

/** Tensors of a safetensors file by name. Their types are those of {@link readSafetensors}. */
export function loadSafetensors(bytes: Uint8Array): Record<string, Tensor> {
  atMost('loadSafetensors', 1, arguments);
  wantBytes('loadSafetensors', bytes);
  const { tensors } = readSafetensors(bytes);
  return Object.fromEntries([...tensors].map(([name, held]) => [name, fromHost(held)]));
}

/** @internal Reads tensors back; the content is that of the moment of the call. */
export async function toHost(tensors: Readonly<Record<string, Tensor>>): Promise<Record<string, HostTensor>> {
  const read = Object.entries(tensors).map(async ([name, one]): Promise<[string, HostTensor]> => {
    const { dtype, shape } = one;
    // PyTorch counts batches in int64.
    const format = dtype === 'i32' && name.endsWith('num_batches_tracked') ? { format: 'I64' as const } : {};
    return [name, { dtype, shape, data: await one.data(), ...format }];
  });
  return Object.fromEntries(await Promise.all(read));
}

/** @internal */
export const fromHost = ({ data, shape, dtype }: HostTensor): Tensor => tensor(data, { shape, dtype });
