/** What a scenario changes inside: which units dropout leaves out, and with which weights a run begins. */
import { SETS } from '../../../../cifar/scenarios.js';
import type { InitialWeights, Look, Mask } from '../../../shared/inside.js';
import { initial } from '../../state/inside.js';
import { studied } from '../../state/runs.js';
import { theme } from '../../state/theme.js';
import { binned, heightsOf, rangeOf } from './bins.js';
import { spreadOf } from './distributions.js';
import { short } from './numbers.js';
import { Sketch, Tiles } from './painted.js';
import { drawTwo, HIGH, WIDE } from './ridge.js';
import { type Colour, mapTiles } from './tiles.js';

export function Changed({ seen }: { seen: Look }) {
  const begun = initial.value;
  return (
    <>
      {seen.masks.length > 0 && <Masks seen={seen} />}
      {begun?.scenario === seen.scenario && begun.seed === seen.seed && <Initial begun={begun} />}
    </>
  );
}

function Masks({ seen: { scenario, step, masks } }: { seen: Look }) {
  const found = SETS[studied.value?.set ?? 'tricks'].find(({ name }) => name === scenario);
  const chances = [
    ...(found?.dropoutConv ? [`channels with probability ${found.dropoutConv}`] : []),
    ...(found?.dropoutDense ? [`units of fc1 with probability ${found.dropoutDense}`] : []),
  ];
  return (
    <section class="part" aria-labelledby="inside-masks">
      <h3 id="inside-masks">Dropout’s masks</h3>
      <p class="note">
        {scenario} drops {chances.join(' and ')}, anew for each picture at each step. These are the masks that step{' '}
        {step} drew for the first picture of its batch: a mask follows from the seed and its number, so the library’s
        own dropout draws it here once more. Filled is kept.
      </p>
      <div class="pair">
        {masks.map((mask) => (
          <MaskTiles key={mask.name} mask={mask} />
        ))}
      </div>
    </section>
  );
}

const KEPT = {
  light: [
    [225, 219, 208],
    [179, 64, 11],
  ],
  dark: [
    [53, 49, 42],
    [255, 149, 87],
  ],
} as const satisfies Record<string, readonly [Colour, Colour]>;

function MaskTiles({ mask: { name, kept } }: { mask: Mask }) {
  const [dropped, filled] = KEPT[theme.value];
  const left = kept.reduce((sum, one) => sum + one, 0);
  const what = `${left} of ${kept.length} ${name === 'fc1' ? 'units' : 'channels'} kept`;
  return (
    <figure class="mask">
      <figcaption>
        <b>{name}</b>
        <span>{what}</span>
      </figcaption>
      <Tiles
        drawn={mapTiles(Float32Array.from(kept), [kept.length], 1, (value) => (value > 0 ? filled : dropped), 16)}
        label={`Mask of ${name}: ${what}`}
      />
    </figure>
  );
}

function Initial({ begun: { layers } }: { begun: InitialWeights }) {
  theme.value;
  return (
    <section class="part" aria-labelledby="inside-initial">
      <h3 id="inside-initial">Initial weights</h3>
      <p class="note">
        As this run began, drawn by Kaiming’s rule (the full line), and as PyTorch’s default would have drawn them with
        the same seed (dashed). Both are uniform; Kaiming’s lie √6 times as wide.
      </p>
      <div class="ridges">
        {layers.map(({ name, byDefault, kaiming }) => {
          const range = rangeOf([byDefault, kaiming]);
          const [first = [], second = []] = heightsOf(
            [binned(byDefault, range, 40), binned(kaiming, range, 40)],
            false,
          );
          return (
            <figure key={name}>
              <figcaption>
                <b>{name}</b>
              </figcaption>
              <Sketch
                width={WIDE}
                height={HIGH}
                label={`${name}: default from ${short(byDefault.min)} to ${short(byDefault.max)}, Kaiming from ${short(kaiming.min)} to ${short(kaiming.max)}`}
                draw={(context) => drawTwo(context, first, second)}
              />
              <figcaption class="axis">
                <span>{short(range[0])}</span>
                <span>{short(range[1])}</span>
              </figcaption>
              <figcaption class="axis">
                <span>default: {spreadOf(byDefault)}</span>
              </figcaption>
              <figcaption class="axis">
                <span>Kaiming: {spreadOf(kaiming)}</span>
              </figcaption>
            </figure>
          );
        })}
      </div>
    </section>
  );
}
