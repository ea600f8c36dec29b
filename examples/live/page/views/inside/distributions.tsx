/** How weights, gradients and activations of each layer are distributed, over the run. */
import { useSignal } from '@preact/signals';
import type { Histogram } from 'kindling/log';
import type { Kind } from '../../../shared/inside.js';
import { rows } from '../../state/inside.js';
import { theme } from '../../state/theme.js';
import { Choice } from '../choice.js';
import { binned, deviationOf, heightsOf, meanOf, rangeOf } from './bins.js';
import { short } from './numbers.js';
import { Sketch } from './painted.js';
import { drawRidge, HIGH, WIDE } from './ridge.js';

const BINS = 56;

const SAID: Readonly<Record<Kind, string>> = {
  weights: 'Weights of each layer.',
  gradients: 'Gradients of the weights, of the step made last.',
  activations: 'Activations of the first four test pictures, with dropout off.',
};

export function Distributions() {
  const kind = useSignal<Kind>('weights');
  const counts = useSignal<'linear' | 'log'>('log');
  const last = rows.value.at(-1);
  const first = rows.value[0];
  const names = [...(last?.histograms.keys() ?? [])].filter((key) => key.startsWith(`${kind.value} `));
  return (
    <section class="part" aria-labelledby="inside-distributions">
      <h3 id="inside-distributions">Distributions over the run</h3>
      <div class="choices-row">
        <Choice
          name="What is counted"
          value={kind}
          options={{ weights: 'Weights', gradients: 'Gradients', activations: 'Activations' }}
        />
        <Choice name="Counts" value={counts} options={{ linear: 'Linear counts', log: 'Log counts' }} />
      </div>
      <p class="note">
        {SAID[kind.value]} Each line is a step at which this section was open
        {first && last && first !== last ? `: from ${first.step}, at the back, to ${last.step}, in front` : ''}.
      </p>
      <div class="ridges">
        {names.map((key) => (
          <Ridge key={key} name={key} log={counts.value === 'log'} />
        ))}
      </div>
    </section>
  );
}

function Ridge({ name, log }: { name: string; log: boolean }) {
  // Drawn anew in other colours.
  theme.value;
  const all = rows.value.flatMap(({ histograms }) => histograms.get(name) ?? []);
  const latest = all.at(-1);
  if (!latest) return null;
  const [low, high] = rangeOf(all);
  const heights = heightsOf(
    all.map((histogram) => binned(histogram, [low, high], BINS)),
    log,
  );
  const title = name.slice(name.indexOf(' ') + 1);
  return (
    <figure>
      <figcaption>
        <b>{title}</b>
        <span>{spreadOf(latest)}</span>
      </figcaption>
      <Sketch
        width={WIDE}
        height={HIGH}
        label={`${name}: ${latest.num} values from ${short(latest.min)} to ${short(latest.max)}, ${spreadOf(latest)}`}
        draw={(context) => drawRidge(context, heights, -low / (high - low))}
      />
      <figcaption class="axis">
        <span>{short(low)}</span>
        <span>{short(high)}</span>
      </figcaption>
    </figure>
  );
}

export const spreadOf = (histogram: Histogram): string =>
  `mean ${short(meanOf(histogram))}, std ${short(deviationOf(histogram))}`;
