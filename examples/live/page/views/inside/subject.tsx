/** What is sent through the network, a test picture or the reader's own, and what it says of it. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { look, subject } from '../../state/inside.js';
import { showOwn } from '../../state/own.js';
import { pictures } from '../../state/runs.js';
import { Choice } from '../choice.js';
import { Pixels } from '../pictures.js';
import { OwnPicture } from './own.js';

/** Those of the wall. */
const SHOWN = 20;

export function SubjectPart() {
  const source = useSignal<'picture' | 'own'>(subject.value.kind);
  const last = useSignal(subject.value.kind === 'picture' ? subject.value.index : 0);
  // The wall chooses too.
  const chosen = subject.value;
  useEffect(() => {
    source.value = chosen.kind;
    if (chosen.kind === 'picture') last.value = chosen.index;
  }, [chosen, source, last]);
  const wanted = source.value;
  useEffect(() => {
    if (wanted === subject.peek().kind) return;
    if (wanted === 'own') showOwn();
    else subject.value = { kind: 'picture', index: last.peek() };
  }, [wanted, last]);
  return (
    <section class="part" aria-labelledby="inside-subject">
      <h3 id="inside-subject">What goes in, and what the network says</h3>
      <Choice name="What goes in" value={source} options={{ picture: 'A test picture', own: 'Your own' }} />
      <div class="in-and-out">
        {chosen.kind === 'picture' ? <TestPictures chosen={chosen.index} /> : <OwnPicture from={last.value} />}
        <Probabilities />
      </div>
    </section>
  );
}

function TestPictures({ chosen }: { chosen: number }) {
  const shown = pictures.value;
  if (!shown) return <p class="note">They come with the study.</p>;
  return (
    <fieldset class="thumbs">
      <legend class="unseen">Test picture</legend>
      {Array.from({ length: Math.min(SHOWN, shown.labels.length) }, (_, index) => {
        const name = shown.classes[shown.labels[index] ?? 0] ?? '';
        return (
          <label key={index} class="thumb">
            <input
              type="radio"
              name="inside-picture"
              checked={index === chosen}
              aria-label={`Picture ${index + 1}, a ${name}`}
              onChange={() => (subject.value = { kind: 'picture', index })}
            />
            <Pixels index={index} name="" />
          </label>
        );
      })}
    </fieldset>
  );
}

function Probabilities() {
  const [seen, shown] = [look.value, pictures.value];
  if (!seen || !shown) return <p class="note">The network’s answer comes with the first look.</p>;
  const { probabilities } = seen;
  const most = Math.max(...probabilities);
  const truth = seen.subject.kind === 'picture' ? shown.labels[seen.subject.index] : undefined;
  return (
    <ul class="bars probabilities">
      {shown.classes.map((name, i) => {
        const value = probabilities[i] ?? Number.NaN;
        return (
          <li key={name} class={value === most ? 'most' : ''}>
            <span class="name">
              {name}
              {i === truth && <span class="truth-mark"> ← it is one</span>}
            </span>
            <span class="track" aria-hidden="true">
              <span class="bar" style={{ width: `${100 * (value || 0)}%` }} />
            </span>
            <span class="score">{Number.isNaN(value) ? 'NaN' : `${(100 * value).toFixed(1)}\u00a0%`}</span>
          </li>
        );
      })}
    </ul>
  );
}
