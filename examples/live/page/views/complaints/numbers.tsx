/** “A NaN goes unseen until all is NaN.” */
import { useSignal } from '@preact/signals';
import type { Figures, Health, ParameterHealth } from 'kindling/log';
import { health, poisoned } from '../../state/complaints.js';
import { current } from '../../state/runs.js';
import { advance, phase, provoke } from '../../state/session.js';
import { thousands } from '../../text/numbers.js';

const LAYERS = ['conv1', 'conv2', 'conv3', 'fc1', 'fc2'] as const;

export function Numbers() {
  const layer = useSignal<string>('conv2');
  const found = health.value;
  const ill = poisoned.value?.run === current.value ? poisoned.value : null;
  const isTraining = (phase.value === 'training' || phase.value === 'paused') && current.value !== null;
  const waits = ill !== null && phase.value === 'paused';
  return (
    <article class="complaint">
      <h3>“A NaN goes unseen”</h3>
      <p>The GPU itself counts NaN and infinities in weights and gradients, every 20 steps, in two launches.</p>
      {found && <Table health={found.health} step={found.step} />}
      {waits ? (
        <>
          <p class="result" role="alert">
            <b class="bad">{found?.health.first}</b> has {badOf(found?.health, ill.layer)} NaN after step {ill.step}.
            Training waits.
          </p>
          <div class="buttons">
            <button type="button" onClick={() => provoke({ what: 'restore' })}>
              Back to the last snapshot
            </button>
            <button type="button" onClick={() => advance('on')}>
              Let it diverge
            </button>
          </div>
        </>
      ) : (
        <div class="buttons">
          <label class="pick">
            Layer{' '}
            <select value={layer.value} onChange={({ currentTarget }) => (layer.value = currentTarget.value)}>
              {LAYERS.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
          <button
            type="button"
            disabled={!isTraining || ill !== null}
            onClick={() => provoke({ what: 'poison', layer: layer.value })}
          >
            Poison a weight
          </button>
        </div>
      )}
      <p class="hint">{isTraining || waits ? '' : 'To be tried while a run is under way.'}</p>
    </article>
  );
}

const badIn = (figures: Figures | null): number => (figures ? figures.nan + figures.inf : 0);
const ofLayer = (all: Health | undefined, layer: string): ParameterHealth[] =>
  all?.parameters.filter(({ name }) => name.startsWith(`${layer}.`)) ?? [];
const badOf = (all: Health | undefined, layer: string): number =>
  ofLayer(all, layer).reduce((sum, { weight }) => sum + badIn(weight), 0);

function Table({ health: all, step }: { health: Health; step: number }) {
  return (
    <table class="health">
      <caption>After step {thousands(step)}</caption>
      <thead>
        <tr>
          <th scope="col">layer</th>
          <th scope="col">largest</th>
          <th scope="col">
            NaN, inf <span class="unseen">in weights</span>
          </th>
          <th scope="col">
            in grads <span class="unseen">NaN and infinite</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {LAYERS.map((layer) => {
          const own = ofLayer(all, layer);
          const [weights, grads] = [badOf(all, layer), own.reduce((sum, { grad }) => sum + badIn(grad), 0)];
          return (
            <tr key={layer}>
              <th scope="row">{layer}</th>
              <td>{Math.max(...own.map(({ weight }) => weight.max)).toFixed(2)}</td>
              <td class={weights > 0 ? 'bad' : ''}>{thousands(weights)}</td>
              <td class={grads > 0 ? 'bad' : ''}>{thousands(grads)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
