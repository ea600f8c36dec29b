/** The dispatches of a kernel: how each is launched, and its shader. */
import type { Launch } from 'kindling/profile';
import type { Rung } from '../../shared/protocol.js';
import { bytesText, workgroups } from '../text/figures.js';
import { partsOf } from '../text/highlight.js';

export function Launches({ rung: { launches, shape } }: { rung: Rung }) {
  return (
    <section class="card" aria-labelledby="launches">
      <h2 id="launches">
        {launches.length === 1 ? 'One launch' : `${launches.length} launches`} <span class="for">for {shape}</span>
      </h2>
      {launches.map((launch, i) => (
        <LaunchOf key={i} launch={launch} isOpen={i === 0} />
      ))}
    </section>
  );
}

function LaunchOf({ launch, isOpen }: { launch: Launch; isOpen: boolean }) {
  const { name, wgsl, bindings, flops, workgroupBytes } = launch;
  const shape = [
    ['Workgroups', workgroups(launch.workgroups)],
    ['Invocations of each', workgroups(launch.workgroupSize)],
    ['Memory that they share', workgroupBytes === 0 ? 'none' : bytesText(workgroupBytes)],
    ...(flops === null ? [] : [['Operations', flops.toLocaleString('en-US')] as const]),
  ] as const;
  return (
    <details class="launch" open={isOpen}>
      <summary>
        <code>{name}</code>
      </summary>
      <dl class="facts">
        {shape.map(([of, value]) => (
          <div key={of}>
            <dt>{of}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
      <section class="scrolls" tabIndex={0} aria-label={`Bindings of ${name}`}>
        <table class="bindings">
          <thead>
            <tr>
              <th scope="col">binding</th>
              <th scope="col">name</th>
              <th scope="col">type</th>
              <th scope="col">access</th>
              <th scope="col">bytes</th>
            </tr>
          </thead>
          <tbody>
            {bindings.map((one, i) => (
              <tr key={one.name}>
                <td>{i}</td>
                <th scope="row">
                  <code>{one.name}</code>
                </th>
                <td>
                  <code>{one.type}</code>
                </td>
                <td>{one.access}</td>
                <td>{bytesText(one.bytes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <Wgsl text={wgsl} name={name} />
    </details>
  );
}

function Wgsl({ text, name }: { text: string; name: string }) {
  const lines = text.trimEnd().split('\n');
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
    <section class="wgsl" tabIndex={0} aria-label={`WGSL of ${name}`}>
      <pre>
        <code>
          {lines.map((line, i) => (
            <span class="line" key={i}>
              {partsOf(line).map(({ kind, text: part }, k) => (
                <span key={k} class={kind ? `wgsl-${kind}` : undefined}>
                  {part}
                </span>
              ))}
              {'\n'}
            </span>
          ))}
        </code>
      </pre>
    </section>
  );
}
