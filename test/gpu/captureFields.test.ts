/** Captured steps see what changes between calls: fields of modules, what asks for gradients, hooks, groups of optimizers. */
import * as k from 'kindling';
import * as nn from 'kindling/nn';
import { Adam, SGD } from 'kindling/optim';
import { describe, expect, test } from 'vitest';

class Config {
  gain = 1;
}

class Net extends nn.Module {
  fc = new nn.Linear(3, 4);
  norm = new nn.BatchNorm1d(4);
  drop = new nn.Dropout(0.25);
  more: nn.Module[] = [new nn.Linear(4, 4)];
  last = new nn.Sequential(new nn.Linear(4, 4), new nn.Tanh());
  head = new nn.Linear(4, 1);
  gate = new nn.Parameter(k.ones([1]));
  shift = this.registerBuffer('shift', k.zeros([1]));
  scale = 1;
  options = { deep: { gain: 1 } };
  config = new Config();
  table = new Map([['gain', 1]]);
  act = (x: k.Tensor): k.Tensor => x.relu();
  extra?: number;
  #hidden = 1;

  get hidden(): number {
    return this.#hidden;
  }

  forward(x: k.Tensor): k.Tensor {
    let y = this.drop.forward(this.norm.forward(this.fc.forward(x)));
    for (const layer of this.more) y = layer.forward(y);
    y = this.head.forward(this.last.forward(this.act(y)));
    const gain = this.options.deep.gain * this.config.gain * (this.table.get('gain') ?? 0) * this.hidden;
    y = y
      .mul(this.scale * gain)
      .mul(this.gate)
      .add(this.shift);
    return this.extra === undefined ? y : y.mul(this.extra);
  }
}

type Step = (x: k.Tensor) => k.Tensor;
type Parts = { model: Net; sgd: SGD; adam: Adam; handles: k.HookHandle[] };

const eager =
  (body: Step): Step =>
  (x) =>
    k.step(() => body(x));

/** Losses, weights and gradients of some steps, an edit, some steps, perhaps an edit back, and some more. */
async function course(wrap: (body: Step) => Step, edit: (parts: Parts) => void, back?: (parts: Parts) => void) {
  k.manualSeed(3);
  const model = new Net();
  const head = model.head.parameters();
  const body = model.parameters().filter((parameter) => parameter !== model.gate && !head.includes(parameter));
  const sgd = new SGD(body, { lr: 0.1 });
  const adam = new Adam(head, { lr: 0.01 });
  const parts: Parts = { model, sgd, adam, handles: [] };
  const train = wrap((x) => {
    sgd.zeroGrad();
    adam.zeroGrad();
    model.gate.grad = null;
    const loss = k.square(model.forward(x)).mean();
    loss.backward();
    sgd.step();
    adam.step();
    return loss;
  });
  const x = k.randn([5, 3]);
  const losses: number[] = [];
  const steps = async (n: number) => {
    for (let i = 0; i < n; i++) losses.push(await train(x).item());
  };
  await steps(4);
  edit(parts);
  await steps(4);
  back?.(parts);
  await steps(3);
  const state = Object.entries(model.stateDict()).map(async ([name, value]) => [name, await value.array()]);
  const grads = model.parameters().map(async ({ grad }) => (grad ? await grad.array() : null));
  return { losses, state: await Promise.all(state), grads: await Promise.all(grads) };
}

const edits: Record<string, [edit: (parts: Parts) => void, back?: (parts: Parts) => void]> = {
  nothing: [() => {}],
  requiresGrad_: [({ model }) => model.fc.requiresGrad_(false), ({ model }) => model.fc.requiresGrad_()],
  'requiresGrad of a leaf': [
    ({ model }) => {
      model.head.weight.requiresGrad = false;
    },
    ({ model }) => model.head.weight.requiresGrad_(),
  ],
  'a mode': [({ model }) => model.eval(), ({ model }) => model.train()],
  'the mode of one module': [({ model }) => model.norm.eval(), ({ model }) => model.norm.train()],
  "dropout's p": [
    ({ model }) => void Object.assign(model.drop, { p: 0.75 }),
    ({ model }) => void Object.assign(model.drop, { p: 0 }),
  ],
  "batch norm's momentum": [({ model }) => void Object.assign(model.norm, { momentum: 0.7 })],
  "batch norm's eps": [({ model }) => void Object.assign(model.norm, { eps: 1 })],
  'a number': [
    ({ model }) => {
      model.scale = 2;
    },
    ({ model }) => {
      model.scale = 1;
    },
  ],
  'a number deep in a field': [
    ({ model }) => {
      model.options.deep.gain = 2;
    },
  ],
  "a field of a class's instance": [
    ({ model }) => {
      model.config.gain = 2;
    },
  ],
  'an entry of a Map': [({ model }) => void model.table.set('gain', 2)],
  'a function': [
    ({ model }) => {
      model.act = (x) => x.tanh();
    },
  ],
  'a new field and its end': [
    ({ model }) => {
      model.extra = 3;
    },
    ({ model }) => {
      delete model.extra;
    },
  ],
  'another module': [
    ({ model }) => {
      model.head = new nn.Linear(4, 1);
    },
  ],
  'another weight': [
    ({ model }) => {
      model.fc.weight = new nn.Parameter(k.ones([4, 3]));
    },
  ],
  'another buffer': [
    ({ model }) => {
      model.shift = k.ones([1]);
    },
  ],
  'another running mean': [
    ({ model }) => {
      model.norm.runningMean = k.ones([4]);
      model.norm.eval();
    },
  ],
  'one module more in an array, then none': [
    ({ model }) => void model.more.push(new nn.Linear(4, 4)),
    ({ model }) => void model.more.splice(0),
  ],
  'a child of a Sequential': [({ model }) => void Object.assign(model.last, { 1: new nn.ReLU() })],
  'one more child of a Sequential': [({ model }) => void Object.assign(model.last, { 2: new nn.Linear(4, 4) })],
  'another forward': [
    ({ model }) => {
      model.drop.forward = (x) => x.mul(2);
    },
    ({ model }) => void Reflect.deleteProperty(model.drop, 'forward'),
  ],
  'a hook before forward': [
    ({ model, handles }) => void handles.push(nn.registerForwardPreHook(model.head, (_, [x]) => x.mul(2))),
    ({ handles }) => handles[0]?.remove(),
  ],
  'a second hook after forward': [
    ({ model, handles }) => {
      for (const factor of [2, 3]) handles.push(nn.registerForwardHook(model.head, (_m, _x, y) => y.mul(factor)));
    },
    ({ handles }) => handles[1]?.remove(),
  ],
  'a hook in backward': [
    ({ model, handles }) =>
      void handles.push(nn.registerFullBackwardHook(model.head, (_m, [g]) => [g?.mul(2) ?? null])),
    ({ handles }) => handles[0]?.remove(),
  ],
  'hooks on a weight': [
    ({ model, handles }) => {
      for (const factor of [2, 3]) handles.push(k.registerHook(model.fc.weight, (g) => g.mul(factor)));
    },
    ({ handles }) => handles[0]?.remove(),
  ],
  'a rate': [
    ({ sgd }) => {
      for (const group of sgd.paramGroups) group.lr = 0.5;
    },
  ],
  'momentum and Nesterov': [
    ({ sgd }) => {
      for (const group of sgd.paramGroups) Object.assign(group, { momentum: 0.9, nesterov: true });
    },
    ({ sgd }) => {
      for (const group of sgd.paramGroups) group.nesterov = false;
    },
  ],
  'decay, betas, eps and AMSGrad': [
    ({ adam }) => {
      for (const group of adam.paramGroups) Object.assign(group, { weightDecay: 0.1, betas: [0.5, 0.6], eps: 1e-3 });
    },
    ({ adam }) => {
      for (const group of adam.paramGroups) group.amsgrad = true;
    },
  ],
  'a group more': [({ model, adam }) => adam.addParamGroup({ params: [model.gate], lr: 0.1 })],
  'a group less': [({ sgd }) => void sgd.paramGroups.pop()],
  'loaded states': [
    ({ model, adam }) => {
      const state = Object.entries(model.stateDict()).map(([name, value]) => [name, k.onesLike(value)]);
      model.loadStateDict(Object.fromEntries(state));
      adam.loadStateDict(new Adam([new nn.Parameter(k.ones([1, 4])), new nn.Parameter(k.ones([1]))]).stateDict());
    },
  ],
  'a gradient': [
    ({ model }) => {
      model.fc.weight.grad = k.ones([4, 3]);
    },
  ],
  'another seed': [() => k.manualSeed(11)],
};

describe('what is edited between calls counts, and is replayed afterwards', () => {
  test.each(Object.keys(edits))('%s', async (name) => {
    const [edit, back] = edits[name] as (typeof edits)[string];
    let train: k.Captured<[k.Tensor], k.Tensor> | undefined;
    const captured = await course(
      (body) => {
        train = k.capture(body);
        return train;
      },
      edit,
      back,
    );
    expect(captured).toEqual(await course(eager, edit, back));
    // Where no optimizer forgets a new weight's gradient, the first step makes one and the others add to it.
    expect(train?.stats().replays).toBeGreaterThanOrEqual(back ? 6 : 7);
  });
});

/** Behind a function, since an assignment narrows its type. */
