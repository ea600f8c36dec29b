/** Which class was taken for which, by the latest evaluation of a run. */
import { useSignal } from '@preact/signals';
import { current, keyOf, pictures, type Run, runs, titleOf, version } from '../state/runs.js';
import { confusionOf } from '../text/confusion.js';

const FOLLOW = '';

export function Confusion() {
  version.value;
  const chosen = useSignal(FOLLOW);
  const shown = pictures.value;
  const looked = runs.value.filter(({ evaluated }) => evaluated !== null);
  const run = looked.find((one) => keyOf(one) === chosen.value) ?? followed(looked);
  return (
    <section class="card confusion" aria-labelledby="confusion">
      <div class="head">
        <h2 id="confusion">Confusion matrix</h2>
        {looked.length > 0 && (
          <label class="select">
            <span class="unseen">Run</span>
            <select value={chosen.value} onChange={({ currentTarget }) => (chosen.value = currentTarget.value)}>
              <option value={FOLLOW}>latest run</option>
              {looked.map((one) => (
                <option key={keyOf(one)} value={keyOf(one)}>
                  {titleOf(one)}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      {run?.evaluated && shown ? (
        <Matrix run={run} labels={shown.labels} classes={shown.classes} />
      ) : (
        <p class="note">It is drawn after the first epoch.</p>
      )}
    </section>
  );
}

const followed = (looked: readonly Run[]): Run | undefined =>
  current.value?.evaluated ? current.value : looked.at(-1);

function Matrix({ run, labels, classes }: { run: Run; labels: Uint8Array; classes: readonly string[] }) {
  version.value;
  const counts = confusionOf(labels, run.evaluated?.predictions ?? new Uint8Array(), classes.length);
  return (
    <>
      <table class="matrix">
        <caption>
          {titleOf(run)}, after epoch {run.evaluated?.epoch}: rows are true classes, columns what the network says
        </caption>
        <thead>
          <tr>
            <td />
            {classes.map((name) => (
              <th key={name} scope="col">
                <span>{name}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {counts.map((row, i) => {
            const all = row.reduce((a, b) => a + b, 0);
            return (
              <tr key={classes[i]}>
                <th scope="row">{classes[i]}</th>
                {row.map((count, j) => (
                  <td key={classes[j]} class={cellClass(count, all, i === j)}>
                    {count}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
      <p class="scale" aria-hidden="true">
        <span>none of its row</span>
        <span class="ramp">
          {Array.from({ length: 11 }, (_, i) => (
            <span key={i} class={`heat-${i}`} />
          ))}
        </span>
        <span>all</span>
      </p>
    </>
  );
}

/** Its colour, by the share of the row. */
function cellClass(count: number, all: number, isHit: boolean): string {
  const heat = `heat-${Math.round((10 * count) / Math.max(1, all))}`;
  return [heat, ...(isHit ? ['hit'] : []), ...(count === 0 ? ['none'] : [])].join(' ');
}
