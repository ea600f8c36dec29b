/** The 32 filters of the first convolution in colour, and their gradients beside them. */
import type { Look } from '../../../shared/inside.js';
import { short } from './numbers.js';
import { Tiles } from './painted.js';
import { extentOf, filterTiles } from './tiles.js';

export function FirstFilters({ seen: { filters, step } }: { seen: Look }) {
  return (
    <section class="part" aria-labelledby="inside-filters">
      <h3 id="inside-filters">First-layer filters and their gradients</h3>
      <p class="note">
        conv1 has 32 filters of 3 by 3 by red, green and blue. Middle grey is 0; a channel at full or at none is plus or
        minus the largest value of all 32. The gradient is that of the loss of step {step}, of its batch and with its
        dropout, as the optimizer got it, before weight decay.
      </p>
      <div class="pair">
        <Filters name="Weights" values={filters.weight} />
        {filters.grad ? (
          <Filters name="Gradients" values={filters.grad} />
        ) : (
          <p class="note">There is no gradient now.</p>
        )}
      </div>
    </section>
  );
}

function Filters({ name, values }: { name: string; values: Float32Array }) {
  const extent = extentOf(values);
  return (
    <figure>
      <Tiles
        drawn={filterTiles(values, extent)}
        label={`${name} of the 32 filters of conv1, from minus to plus ${short(extent)}`}
      />
      <figcaption>
        <b>{name}</b>
        <Ramp class="greys" from={`−${short(extent)}`} to={`+${short(extent)}`} />
      </figcaption>
    </figure>
  );
}

/** A scale of colours with its ends. */
export function Ramp({ class: name, from, to }: { class: string; from: string; to: string }) {
  return (
    <span class="ends">
      <span>{from}</span>
      <span class={`gradient ${name}`} aria-hidden="true" />
      <span>{to}</span>
    </span>
  );
}
