/** What the study trains on: pictures that the page draws, or real ones, about which a panel of its own says more. */
import { type Signal, signal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { PUBLIC_BYTES } from '../../shared/cifar10.js';
import type { DataName } from '../../shared/plan.js';
import { change, plan } from '../state/plan.js';
import { megabytes } from '../text/numbers.js';

const TITLES: Readonly<Record<DataName, string>> = { synthetic: 'Generated stand-in', cifar10: 'Real CIFAR-10' };

export function SourceField() {
  return (
    <label class="field">
      <span>Pictures</span>
      <select
        value={plan.value.data}
        onChange={({ currentTarget }) => change({ data: currentTarget.value as DataName })}
      >
        {Object.entries(TITLES).map(([data, title]) => (
          <option key={data} value={data}>
            {title}
          </option>
        ))}
      </select>
    </label>
  );
}

export function SourceChoice() {
  return (
    <fieldset class="presets">
      <legend>On which pictures?</legend>
      <div class="choices">
        <Source data="synthetic" aside="no download" what="ten classes of pictures that the page draws" />
        <Source data="cifar10" aside={megabytes(PUBLIC_BYTES)} what="60,000 photographs, fetched when you say so" />
      </div>
    </fieldset>
  );
}

function Source({ data, aside, what }: { data: DataName; aside: string; what: string }) {
  return (
    <label class="choice">
      <input type="radio" name="data" checked={plan.value.data === data} onChange={() => change({ data })} />
      <span class="choice-title">{TITLES[data]}</span>
      <span class="choice-time">{aside}</span>
      <span class="choice-what">{what}</span>
    </label>
  );
}

const panel: Signal<ComponentType | null> = signal(null);
let isAsked = false;

/** Whoever never chooses real pictures does not load what is said about them. */
export function SourcePanel() {
  if (plan.value.data !== 'cifar10') return null;
  if (!isAsked) {
    isAsked = true;
    void import('./cifar10.js').then(({ Cifar10 }) => {
      panel.value = Cifar10;
    });
  }
  const Panel = panel.value;
  return Panel && <Panel />;
}
