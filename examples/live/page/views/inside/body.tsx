/** What is in the section, from what goes in to what is left of a run. */
import { blind, look } from '../../state/inside.js';
import { titleOf } from '../../state/runs.js';
import { thousands } from '../../text/numbers.js';
import { Changed } from './changed.js';
import { Distributions } from './distributions.js';
import { FirstFilters } from './filters.js';
import { Maps } from './maps.js';
import { SubjectPart } from './subject.js';

export function Body() {
  const seen = look.value;
  return (
    <div class="parts">
      <p class="note">
        {seen
          ? `${titleOf(seen)} with the weights that step ${thousands(seen.step)} left. `
          : 'There is no network to look into yet. '}
        Looking changes no number of the run: it reads weights and gradients, leaves random numbers where they stood and
        frees what it made. Closed, nothing is read.
      </p>
      {blind.value && <p class="note bad">The last look failed: {blind.value}</p>}
      <SubjectPart />
      {seen && (
        <>
          <Maps seen={seen} />
          <FirstFilters seen={seen} />
          <Distributions />
          <Changed seen={seen} />
        </>
      )}
    </div>
  );
}
