/** Test images with what each scenario made of them. */
import type { Sample, StudyResults } from '../../results.js';
import { type Html, html } from './html.js';
import { scrolling } from './tables.js';

const SIDE = 32;

/**
 * A 32×32 picture as a 24-bit bitmap, which every browser reads and which needs no compression: 54 bytes of header, rows
 * from the bottom, blue first.
 */
export function bitmap(pixels: string): string {
  const planes = Buffer.from(pixels, 'base64');
  const area = SIDE * SIDE;
  const file = Buffer.alloc(54 + 3 * area);
  file.write('BM', 0, 'latin1');
  file.writeUInt32LE(file.length, 2);
  file.writeUInt32LE(54, 10);
  file.writeUInt32LE(40, 14);
  file.writeInt32LE(SIDE, 18);
  file.writeInt32LE(SIDE, 22);
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(24, 28);
  file.writeUInt32LE(3 * area, 34);
  for (let i = 0; i < area; i++) {
    const at = 54 + 3 * ((SIDE - 1 - Math.floor(i / SIDE)) * SIDE + (i % SIDE));
    for (let channel = 0; channel < 3; channel++) file[at + 2 - channel] = planes[channel * area + i] ?? 0;
  }
  return `data:image/bmp;base64,${file.toString('base64')}`;
}

/** A row per image, a column per scenario; null without images. */
export function sampleTable(
  results: StudyResults,
  samples: readonly Sample[],
  classes: readonly string[],
): Html | null {
  if (samples.length === 0) return null;
  const scenarios = results.settings.scenarios.filter((name) => samples.some((s) => s.predictions[name] !== undefined));
  const name = (label: number | undefined): string => (label === undefined ? '–' : (classes[label] ?? String(label)));
  const cell = (sample: Sample, scenario: string): Html => {
    const guess = sample.predictions[scenario];
    const right = guess === sample.label;
    const tone = guess === undefined ? 'muted' : right ? 'right' : 'wrong';
    return html`<td class="${tone}">${guess === undefined ? '' : right ? '✓ ' : '✗ '}${name(guess)}</td>`;
  };
  const line = (sample: Sample): Html => {
    const truth = name(sample.label);
    return html`<tr><td><img src="${bitmap(sample.pixels)}" width="64" height="64" alt="test image: ${truth}"/></td>
<th scope="row">${truth}</th>${scenarios.map((scenario) => cell(sample, scenario))}</tr>
`;
  };
  const head = ['image', 'true class', ...scenarios].map((title) => html`<th scope="col">${title}</th>`);
  return scrolling(
    'Test images and predictions',
    html`<table class="samples"><thead><tr>${head}</tr></thead><tbody>${samples.map(line)}</tbody></table>`,
  );
}
