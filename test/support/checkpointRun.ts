/** A run to save and to load, and its file changed as damage might. */
import { manualSeed, step, type Tensor, tensor } from 'kindling';
import { type HostTensor, readSafetensors, saveCheckpoint, writeSafetensors } from 'kindling/io';
import * as nn from 'kindling/nn';
import * as F from 'kindling/nn/functional';
import { Adam, ExponentialLR } from 'kindling/optim';

export class Mlp extends nn.Module {
  fc1 = new nn.Linear(6, 16);
  dropout = new nn.Dropout(0.3);
  fc2: nn.Linear;

  constructor(classes = 4) {
    super();
    this.fc2 = new nn.Linear(16, classes);
  }

  override forward(x: Tensor): Tensor {
    return this.fc2.forward(this.dropout.forward(this.fc1.forward(x).relu()));
  }
}

/** A run's objects, made as at its start. */
export function fresh(seed: number) {
  manualSeed(seed);
  const model = new Mlp();
  const optimizer = new Adam(model.parameters(), { lr: 0.05, weightDecay: 1e-3, amsgrad: true });
  const scheduler = new ExponentialLR(optimizer, { gamma: 0.7 });
  const loader = {
    state: { epoch: 0, batch: 0 },
    setEpoch(epoch: number, batch: number): void {
      this.state = { epoch, batch };
    },
  };
  return { model, optimizer, scheduler, loader };
}

export type Run = ReturnType<typeof fresh>;

/** Trains, and returns the losses. */
export async function train({ model, optimizer, scheduler, loader }: Run, steps: number): Promise<number[]> {
  const losses: number[] = [];
  const x = tensor(
    Float32Array.from({ length: 48 }, (_, i) => Math.sin(3 * i)),
    { shape: [8, 6] },
  );
  const y = tensor([0, 1, 2, 3, 3, 2, 1, 0], { dtype: 'i32' });
  for (let i = 0; i < steps; i++) {
    const loss = step(() => {
      optimizer.zeroGrad();
      const loss = F.crossEntropy(model.forward(x), y);
      loss.backward();
      optimizer.step();
      return loss;
    });
    losses.push(await loss.item());
    loader.setEpoch(0, loader.state.batch + 1);
    if (i % 2 === 1) scheduler.step();
  }
  return losses;
}

/** The whole state of a run as bytes. */
export const bytesOf = (run: Run): Promise<Uint8Array> => saveCheckpoint(run);

/** What a checkpoint's JSON says, of which tests change something. */
export interface State {
  optimizer: { kind?: string; state: Record<string, Record<string, unknown>>; paramGroups: Record<string, unknown>[] };
  [part: string]: unknown;
}
export type Tensors = Map<string, HostTensor>;

/** A file as it was written before there was a checksum, so that its content alone speaks. */
export function unsummed(bytes: Uint8Array, change: (state: State, tensors: Tensors) => void): Uint8Array {
  const { tensors, metadata } = readSafetensors(bytes);
  const state = JSON.parse(metadata.state ?? '') as State;
  change(state, tensors);
  return writeSafetensors(tensors, { format: 'kindling checkpoint 1', state: JSON.stringify(state) });
}
