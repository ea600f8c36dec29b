/** What a scenario adds, as code, kindling's and PyTorch's: cards show it, programs consist of it. */
import type { Scenario } from '../../../cifar/scenarios.js';

/** A piece of code in both. */
export interface Piece {
  readonly kindling: string;
  readonly pytorch: string;
}

/** `0.8`, `1e-3`: as one writes it by hand. */
const number = (value: number): string => (value !== 0 && value < 0.05 ? value.toExponential() : String(value));

export function optimizer({ lr, weightDecay, momentum, optimizer: kind }: Scenario): Piece {
  const fields = Object.entries({ lr, momentum, weightDecay }).flatMap(([name, value]) =>
    value ? [{ name, value: number(value) }] : [],
  );
  const options = fields.map(({ name, value }) => `${name}: ${value}`).join(', ');
  const keywords = fields.map(({ name, value }) => `${name.replace('D', '_d')}=${value}`).join(', ');
  const name = kind === 'sgd' ? 'SGD' : 'Adam';
  return {
    kindling: `new ${name}(model.parameters(), {\n  ${options},\n})`,
    pytorch: `${name}(model.parameters(),\n  ${keywords})`,
  };
}

export const schedule = ({ gamma = 1 }: Scenario): Piece => ({
  kindling: `new ExponentialLR(optimizer, {\n  gamma: ${gamma},\n})`,
  pytorch: `ExponentialLR(optimizer,\n  gamma=${gamma})`,
});

export const initialisation: Piece = {
  kindling: 'init.kaimingUniform(layer.weight)',
  pytorch: 'init.kaiming_uniform_(layer.weight)',
};

/** @param maps whether whole feature maps are dropped */
export function dropout(p: number, maps: boolean): Piece {
  const name = maps ? 'Dropout2d' : 'Dropout';
  return { kindling: `new ${name}(${p})`, pytorch: `nn.${name}(${p})` };
}
