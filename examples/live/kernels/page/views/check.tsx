/** A comparison with float64, in figures. */
import type { Rung } from '../../shared/protocol.js';
import { boundText, errorText } from '../text/figures.js';

export function CheckOf({ rung: { check, shape, seed }, bound }: { rung: Rung; bound: number }) {
  const { error, place, got, wanted, compared, outputs, holds, also } = check;
  return (
    <>
      <dl class="facts" data-holds={holds}>
        <Fact name="Largest error">
          <b class={holds ? 'good' : 'bad'}>{errorText(error)}</b>
        </Fact>
        <Fact name="Bound">{boundText(bound)}</Fact>
        <Fact name="There it computed">{String(Number(got.toPrecision(9)))}</Fact>
        <Fact name="Float64 says">{String(Number(wanted.toPrecision(12)))}</Fact>
        <Fact name="At place">{place.toLocaleString('en-US')}</Fact>
        <Fact name="Compared">
          {compared.toLocaleString('en-US')} of {outputs.toLocaleString('en-US')}
        </Fact>
        <Fact name="Inputs">
          {shape}, seed {seed}
        </Fact>
        {also && <Fact name="And">{also}</Fact>}
      </dl>
      <p class="hint">
        Errors are shares of the result or, where it is a sum, of the sum of its terms without their signs; an ulp is
        2⁻²³. Places are spread evenly over all results.
      </p>
    </>
  );
}

function Fact({ name, children }: { name: string; children: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
