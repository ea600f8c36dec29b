/** What is compared, and how much of it: cards to choose from, and the study's sizes. */
import { SETS } from '../../../cifar/scenarios.js';
import { BOUNDS, everyName, MOST_SEEDS, OFFERED, type Offered, type Sized, seedsOf } from '../../shared/plan.js';
import { studySeconds } from '../state/estimate.js';
import { change, plan } from '../state/plan.js';
import { adapter, phase, speed } from '../state/session.js';
import { about, plural, thousands } from '../text/numbers.js';
import { Card } from './card.js';
import { SourceField } from './source.js';

export function StudyDesign() {
  const { set, scenarios } = plan.value;
  const all = everyName(set);
  const flip = (name: string): void => {
    const chosen = all.filter((one) => (one === name) !== scenarios.includes(one));
    // One has to stay.
    if (chosen.length > 0) change({ scenarios: chosen });
  };
  return (
    <section class="design" aria-labelledby="design">
      <h2 id="design">What is compared</h2>
      <p class="lead">{LEADS[set]} Choose which of them train.</p>
      <Settings />
      <div class="cards">
        {SETS[set].map((scenario, place) => (
          <Card
            key={scenario.name}
            scenario={scenario}
            place={place}
            chosen={scenarios.includes(scenario.name)}
            onFlip={() => flip(scenario.name)}
          />
        ))}
      </div>
    </section>
  );
}

const LEADS: Readonly<Record<Offered, string>> = {
  tricks: 'Eight training runs of one network with 122,570 parameters. Each adds a trick to one before it.',
  lecun:
    'What one takes for granted, each part of it replaced by another: the activation, the loss, the order of images, the optimizer, the penalty.',
};

const NAMES: Readonly<Record<Sized, string>> = {
  epochs: 'Epochs',
  trainSize: 'Training images',
  testSize: 'Test images',
  batchSize: 'Batch',
};

function Settings() {
  const busy = phase.value === 'training' || phase.value === 'paused';
  return (
    <div class="card settings">
      <div class="fields">
        <label class="field">
          <span>Scenarios</span>
          <select
            value={plan.value.set}
            onChange={({ currentTarget }) => {
              const set = currentTarget.value as Offered;
              change({ set, scenarios: everyName(set) });
            }}
          >
            {Object.entries(OFFERED).map(([set, title]) => (
              <option key={set} value={set}>
                {title}
              </option>
            ))}
          </select>
        </label>
        <SourceField />
        {(Object.keys(NAMES) as Sized[]).map((name) => (
          <SizeField key={name} name={name} />
        ))}
        <label class="field">
          <span>Seeds</span>
          <input
            type="text"
            inputMode="numeric"
            value={plan.value.seeds.join(', ')}
            aria-describedby="seeds-hint"
            onChange={({ currentTarget }) => {
              const seeds = seedsOf(currentTarget.value);
              if (seeds) change({ seeds });
              currentTarget.value = plan.value.seeds.join(', ');
            }}
          />
        </label>
      </div>
      <p class="note" id="seeds-hint">
        {summary()} {busy ? 'It counts from the next start on.' : ''}
      </p>
    </div>
  );
}

function summary(): string {
  const { scenarios, seeds, epochs, trainSize } = plan.value;
  const [found, measured] = [adapter.value, speed.value];
  const time = found && measured ? `, about ${about(studySeconds(plan.value, measured, found))} here` : '';
  const runs = plural(scenarios.length * seeds.length, 'run');
  return `${runs} of ${plural(epochs, 'epoch')} over ${thousands(trainSize)} pictures${time}. Up to ${MOST_SEEDS} seeds, with commas between them.`;
}

function SizeField({ name }: { name: Sized }) {
  const [least, most] = BOUNDS[name];
  return (
    <label class="field">
      <span>{NAMES[name]}</span>
      <input
        type="number"
        min={least}
        max={most}
        value={plan.value[name]}
        onChange={({ currentTarget }) => {
          const value = Math.round(Number(currentTarget.value));
          if (value >= least && value <= most) change({ [name]: value });
          currentTarget.value = String(plan.value[name]);
        }}
      />
    </label>
  );
}
