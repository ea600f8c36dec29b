/** One scenario: what it adds in words, as a formula and as code. */
import { type Scenario, settingsOf } from '../../../cifar/scenarios.js';
import { CARDS } from '../text/cards.js';
import { Swatch } from './swatch.js';

interface CardProps {
  readonly scenario: Scenario;
  /** In its set. */
  readonly place: number;
  readonly chosen: boolean;
  readonly onFlip: () => void;
}

export function Card({ scenario, place, chosen, onFlip }: CardProps) {
  const { name } = scenario;
  const text = CARDS[name];
  return (
    <article class={`card scenario series-${place}`} aria-label={text?.title ?? name}>
      <label class="pick">
        <input type="checkbox" checked={chosen} onChange={onFlip} />
        <Swatch place={place} />
        <span class="title">{text?.title ?? name}</span>
        <span class="adds">{text?.addsTo ? `adds to ${text.addsTo}` : ''}</span>
        <code class="called">{name}</code>
      </label>
      {text ? (
        <>
          <div class="meaning">
            <p class="words">{text.words}</p>
            <p class="formula">{text.formula}</p>
          </div>
          <dl class="codes">
            <div>
              <dt>kindling</dt>
              <dd>
                <pre>
                  <code>{text.kindling}</code>
                </pre>
              </dd>
            </div>
            <div>
              <dt>PyTorch</dt>
              <dd>
                <pre>
                  <code>{text.pytorch}</code>
                </pre>
              </dd>
            </div>
          </dl>
        </>
      ) : (
        <Settings scenario={scenario} />
      )}
    </article>
  );
}

/** A scenario of a set that has no texts: what it switches on. */
function Settings({ scenario }: { scenario: Scenario }) {
  return (
    <ul class="words choices-made">
      {Object.entries(settingsOf(scenario)).map(
        ([name, value]) => value !== null && <li key={name}>{`${name}: ${value}`}</li>,
      )}
    </ul>
  );
}
