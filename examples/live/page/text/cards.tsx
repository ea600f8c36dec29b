/** The eight tricks in words, as a formula and as code, kindling's and PyTorch's. */
import type { ComponentChild } from 'preact';
import { type Scenario, SETS } from '../../../cifar/scenarios.js';
import * as pieces from '../../shared/programs/pieces.js';

export interface CardText {
  readonly title: string;
  /** The scenario that it adds to; null for the first. */
  readonly addsTo: string | null;
  readonly words: string;
  readonly formula: ComponentChild;
  readonly kindling: string;
  readonly pytorch: string;
}

const named = (wanted: string): Scenario => {
  const found = SETS.tricks.find(({ name }) => name === wanted);
  if (!found) throw new Error(`there is no scenario ${wanted}`);
  return found;
};

const dropoutFormula = (mask: ComponentChild) => (
  <math>
    <mi>y</mi>
    <mo>=</mo>
    <mfrac>
      <mrow>
        {mask}
        <mo>⊙</mo>
        <mi>x</mi>
      </mrow>
      <mrow>
        <mn>1</mn>
        <mo>−</mo>
        <mi>p</mi>
      </mrow>
    </mfrac>
    <mo>,</mo>
    <mspace width="0.6em" />
    <mi>p</mi>
    <mo>=</mo>
    <mn>0.2</mn>
  </math>
);

export const CARDS: Readonly<Record<string, CardText>> = {
  baseline: {
    title: 'Baseline',
    addsTo: null,
    words:
      'Three convolutions, two dense layers, cross-entropy and Adam, on pixels from 0 to 1 as they are. Everything else is held against it.',
    formula: (
      <math>
        <mi>L</mi>
        <mo>=</mo>
        <mo>−</mo>
        <mi>log</mi>
        <mspace width="0.2em" />
        <msub>
          <mi>p</mi>
          <mi>y</mi>
        </msub>
        <mo stretchy={false}>(</mo>
        <mi>x</mi>
        <mo stretchy={false}>)</mo>
      </math>
    ),
    ...pieces.optimizer(named('baseline')),
  },
  norm_inputs: {
    title: 'Normalised inputs',
    addsTo: 'baseline',
    words:
      'Each colour channel gets mean 0 and standard deviation 1, from figures of the training images. The first layer then sees differences instead of one large constant.',
    formula: (
      <math>
        <msup>
          <mi>x</mi>
          <mo>′</mo>
        </msup>
        <mo>=</mo>
        <mfrac>
          <mrow>
            <mi>x</mi>
            <mo>−</mo>
            <msub>
              <mi>μ</mi>
              <mi>c</mi>
            </msub>
          </mrow>
          <msub>
            <mi>σ</mi>
            <mi>c</mi>
          </msub>
        </mfrac>
      </math>
    ),
    kindling: 'new DataLoader(train, {\n  transform:\n    new Normalize(mean, std),\n})',
    pytorch: 'transforms.Compose([\n  ToTensor(),\n  Normalize(mean, std),\n])',
  },
  lr_schedule: {
    title: 'Learning-rate schedule',
    addsTo: 'norm_inputs',
    words:
      'Twice the rate at the start, and a fifth less after every epoch: long strides while there is much to learn, short ones near the end.',
    formula: (
      <math>
        <msub>
          <mi>η</mi>
          <mi>e</mi>
        </msub>
        <mo>=</mo>
        <mn>0.002</mn>
        <mo>·</mo>
        <msup>
          <mn>0.8</mn>
          <mi>e</mi>
        </msup>
      </math>
    ),
    ...pieces.schedule(named('lr_schedule')),
  },
  weight_decay: {
    title: 'Weight decay',
    addsTo: 'lr_schedule',
    words: 'Every weight is pulled a little towards zero in every step, so that none grows large without need.',
    formula: (
      <math>
        <mi>g</mi>
        <mo>←</mo>
        <mi>g</mi>
        <mo>+</mo>
        <msup>
          <mn>10</mn>
          <mrow>
            <mo>−</mo>
            <mn>4</mn>
          </mrow>
        </msup>
        <mi>w</mi>
      </math>
    ),
    ...pieces.optimizer(named('weight_decay')),
  },
  init_weights: {
    title: 'Kaiming initialisation',
    addsTo: 'weight_decay',
    words:
      'First weights are drawn so that signals keep their size from layer to layer through ReLU: wider where few inputs come together.',
    formula: (
      <math>
        <mi>w</mi>
        <mo>∼</mo>
        <mi>U</mi>
        <mo stretchy={false}>(</mo>
        <mo>−</mo>
        <mi>b</mi>
        <mo>,</mo>
        <mi>b</mi>
        <mo stretchy={false}>)</mo>
        <mo>,</mo>
        <mspace width="0.4em" />
        <mi>b</mi>
        <mo>=</mo>
        <msqrt>
          <mn>6</mn>
          <mo>/</mo>
          <msub>
            <mi>n</mi>
            <mtext>in</mtext>
          </msub>
        </msqrt>
      </math>
    ),
    ...pieces.initialisation,
  },
  dropout_dense: {
    title: 'Dropout, dense layer',
    addsTo: 'weight_decay',
    words:
      'A fifth of the 64 dense units is switched off at random in every step. No unit can rely on another; in tests all of them work.',
    formula: dropoutFormula(<mi>m</mi>),
    kindling: 'this.dropout = new Dropout(0.2)\n// after relu(this.fc1(y))',
    pytorch: 'self.dropout = nn.Dropout(0.2)\n# after relu(self.fc1(y))',
  },
  dropout_conv: {
    title: 'Dropout, feature maps',
    addsTo: 'weight_decay',
    words:
      'Instead, whole maps of the convolutions are switched off: neighbouring pixels tell nearly the same, so single ones would not be missed.',
    formula: dropoutFormula(
      <msub>
        <mi>m</mi>
        <mi>c</mi>
      </msub>,
    ),
    kindling: 'this.dropout = new Dropout2d(0.2)\n// after relu(this.conv1(x)), …',
    pytorch: 'self.dropout = nn.Dropout2d(0.2)\n# after relu(self.conv1(x)), …',
  },
  dropout_both: {
    title: 'Dropout, both',
    addsTo: 'weight_decay',
    words:
      'Maps and dense units together: the most noise in training. It pays where there is little data and much time.',
    formula: (
      <>
        <math>
          <msub>
            <mi>m</mi>
            <mi>c</mi>
          </msub>
          <mtext>{'\u00a0after each convolution,'}</mtext>
        </math>
        <math>
          <mi>m</mi>
          <mtext>{'\u00a0after fc1'}</mtext>
        </math>
      </>
    ),
    kindling: 'new Dropout2d(0.2) // convolutions\nnew Dropout(0.2)   // fc1',
    pytorch: 'nn.Dropout2d(0.2)  # convolutions\nnn.Dropout(0.2)    # fc1',
  },
};
