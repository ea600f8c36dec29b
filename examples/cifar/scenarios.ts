/** What is compared: each scenario is the study's network with some tricks switched on. */

export interface Scenario {
  readonly name: string;
  /** Learning rate at the start. */
  readonly lr: number;
  /** Factor on the learning rate after each epoch. Default: 1. */
  readonly gamma?: number;
  /** Inputs normalised per channel with the training images' mean and standard deviation. */
  readonly normalise?: boolean;
  /** L2 penalty, added to the gradient. Default: 0. */
  readonly weightDecay?: number;
  /** First epoch, from 1, in which `weightDecay` counts. Default: 1. */
  readonly weightDecayFrom?: number;
  /** L1 penalty, added to the loss. Default: 0. */
  readonly l1?: number;
  /** Weights of all conv and linear layers drawn by `kaimingUniform`. */
  readonly kaiming?: boolean;
  /** Dropout after the first linear layer. Default: 0. */
  readonly dropoutDense?: number;
  /** Dropout2d after each convolution's activation. Default: 0. */
  readonly dropoutConv?: number;
  /** Default: relu. */
  readonly activation?: 'relu' | 'tanh' | 'sigmoid';
  /** Cross-entropy, or the mean squared error of the probabilities. Default: crossEntropy. */
  readonly loss?: 'crossEntropy' | 'mse';
  /** Default: adam. */
  readonly optimizer?: 'adam' | 'sgd';
  /** Of SGD. Default: 0. */
  readonly momentum?: number;
  /** Training images in a new order each epoch. Default: true. */
  readonly shuffle?: boolean;
  /** False leaves the third convolution out of the forward pass, as the published notebook does. Default: true. */
  readonly thirdConv?: boolean;
  /** Goes on training the weights that another scenario ended with. */
  readonly startFrom?: string;
}

const scheduled = { lr: 2e-3, gamma: 0.8, normalise: true } as const;
const decayed = { ...scheduled, weightDecay: 1e-4 } as const;

/** The eight training tricks. */
const TRICKS: readonly Scenario[] = [
  { name: 'baseline', lr: 1e-3 },
  { name: 'norm_inputs', lr: 1e-3, normalise: true },
  { name: 'lr_schedule', ...scheduled },
  { name: 'weight_decay', ...decayed },
  { name: 'init_weights', ...decayed, kaiming: true },
  { name: 'dropout_dense', ...decayed, dropoutDense: 0.2 },
  { name: 'dropout_conv', ...decayed, dropoutConv: 0.2 },
  { name: 'dropout_both', ...decayed, dropoutDense: 0.2, dropoutConv: 0.2 },
];

/**
 * The eight as the notebook of 2021 really ran them: images never normalised, the third convolution never called, weight
 * decay from the third epoch, dense dropout in init_weights too, and dropout_conv training the dropout_dense model on.
 */
const AS_PUBLISHED: readonly Scenario[] = TRICKS.map((scenario) => ({
  ...scenario,
  normalise: false,
  thirdConv: false,
  ...(scenario.weightDecay ? { weightDecayFrom: 3 } : {}),
  ...(scenario.name === 'init_weights' ? { dropoutDense: 0.2 } : {}),
  ...(scenario.name === 'dropout_conv' ? { dropoutDense: 0.2, dropoutConv: 0, startFrom: 'dropout_dense' } : {}),
}));

/** What the lecture names and the notebook takes for granted, each against `relu`: ReLU, cross-entropy, shuffled, Adam. */
const LECUN: readonly Scenario[] = [
  { name: 'relu', lr: 1e-3, normalise: true },
  { name: 'tanh', lr: 1e-3, normalise: true, activation: 'tanh' },
  { name: 'logistic', lr: 1e-3, normalise: true, activation: 'sigmoid' },
  { name: 'mse', lr: 1e-3, normalise: true, loss: 'mse' },
  { name: 'unshuffled', lr: 1e-3, normalise: true, shuffle: false },
  { name: 'sgd', lr: 1e-2, normalise: true, optimizer: 'sgd' },
  { name: 'sgd_momentum', lr: 1e-2, normalise: true, optimizer: 'sgd', momentum: 0.9 },
  { name: 'l1', lr: 1e-3, normalise: true, l1: 1e-5 },
  { name: 'l2', lr: 1e-3, normalise: true, weightDecay: 1e-4 },
];

export const SETS = { tricks: TRICKS, 'as-published': AS_PUBLISHED, lecun: LECUN } as const;
export type SetName = keyof typeof SETS;

/** Picks scenarios of a set by name, in the set's order. @throws Error naming what there is */
export function pick(set: SetName, names?: readonly string[]): Scenario[] {
  const all = SETS[set];
  const unknown = names?.filter((name) => !all.some((scenario) => scenario.name === name)) ?? [];
  if (unknown.length > 0) {
    throw new Error(
      `no scenario ${unknown.join(', ')} in set ${set}; there are ${all.map(({ name }) => name).join(', ')}`,
    );
  }
  const chosen = all.filter(({ name }) => !names || names.includes(name));
  for (const { name, startFrom } of chosen) {
    if (startFrom && !chosen.some((scenario) => scenario.name === startFrom)) {
      throw new Error(`${name} goes on from ${startFrom}: take ${startFrom} too`);
    }
  }
  return chosen;
}

/** A scenario's choices, spelled out for the report's table of settings. */
export function settingsOf(scenario: Scenario): Record<string, string | number | null> {
  const { lr, gamma = 1, normalise = false, weightDecay = 0, l1 = 0, kaiming = false } = scenario;
  const {
    dropoutDense = 0,
    dropoutConv = 0,
    activation = 'relu',
    loss = 'crossEntropy',
    optimizer = 'adam',
  } = scenario;
  return {
    lr,
    'gamma per epoch': gamma === 1 ? null : gamma,
    normalised: normalise ? 'yes' : null,
    L2: weightDecay || null,
    L1: l1 || null,
    init: kaiming ? 'kaimingUniform' : null,
    'Dropout fc1': dropoutDense || null,
    'Dropout2d conv': dropoutConv || null,
    activation: activation === 'relu' ? null : activation,
    loss: loss === 'mse' ? 'mse' : null,
    optimizer: optimizer === 'sgd' ? `SGD${scenario.momentum ? `, momentum ${scenario.momentum}` : ''}` : null,
    shuffled: scenario.shuffle === false ? 'no' : null,
  };
}
