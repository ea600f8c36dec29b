/** Formulas, colours of WGSL, figures and reports. */
import { expect, test } from 'vitest';
import { CASES } from '../../shared/cases.js';
import { ULP } from '../../shared/exact.js';
import type { Rung } from '../../shared/protocol.js';
import { bytesText, digits, errorText, milliseconds, sizeText } from './figures.js';
import { type Node, parse } from './formula.js';
import { partsOf } from './highlight.js';
import { MATHS } from './maths.js';
import { type Report, reportJson, reportMarkdown } from './report.js';

/** A formula with everything in brackets. */
const shown = (node: Node): string => {
  switch (node.kind) {
    case 'row':
      return node.parts.map(shown).join(' ');
    case 'fraction':
      return `(${shown(node.above)} over ${shown(node.below)})`;
    case 'root':
      return `root(${shown(node.of)})`;
    case 'scripts':
      return `${shown(node.base)}${node.sub ? `↓(${shown(node.sub)})` : ''}${node.sup ? `↑(${shown(node.sup)})` : ''}`;
    default:
      return node.kind === 'name' ? `<${node.text}>` : node.text;
  }
};

test('formulas', () => {
  expect(shown(parse('c_{ij} = sum_k a_{ik} b_{kj}'))).toBe('c↓(i j) = ∑↓(k) a↓(i k) b↓(k j)');
  expect(shown(parse('frac{1}{sqrt{σ^2 + ε}} exp(−x)'))).toBe('(1 over root(σ↑(2) + ε)) <exp> ( − x )');
  expect(shown(parse('dx_1^t max_j x'))).toBe('d x↓(1)↑(t) max↓(j) x');
  expect(() => parse('a_{b')).toThrow('stays open');
  expect(() => parse('a}')).toThrow('too many');
});

test('every kernel has its mathematics, and no other has', () => {
  expect(Object.keys(MATHS).toSorted()).toEqual(CASES.map(({ id }) => id).toSorted());
  for (const { formulas, words } of Object.values(MATHS)) {
    for (const text of formulas) expect(shown(parse(text))).not.toContain('undefined');
    expect(words.length).toBeGreaterThan(40);
  }
});

test('parts of a line are the line', () => {
  const line = '@group(0) @binding(1) var<storage, read> xs: array<f32>; // let it be 1';
  const parts = partsOf(line);
  expect(parts.map(({ text }) => text).join('')).toBe(line);
  const kinds = Object.fromEntries(parts.map(({ kind, text }) => [text, kind]));
  expect(kinds).toMatchObject({ '@group': 'attribute', var: 'keyword', f32: 'type', '0': 'number' });
  expect(kinds['// let it be 1']).toBe('comment');
  expect(partsOf('  y = min(0x1fu, 1.5e-3f);').map(({ text, kind }) => kind && `${kind} ${text}`)).toEqual([
    null,
    'call min',
    null,
    'number 0x1fu',
    null,
    'number 1.5e-3f',
    null,
  ]);
});

test('figures', () => {
  expect([0, 0.00012, 0.0123, 0.5, 1.234, 12.34, 1234].map(digits)).toEqual([
    '0',
    '1.2e−4',
    '0.0123',
    '0.500',
    '1.23',
    '12.3',
    '1234',
  ]);
  expect([0.0123, 12].map(milliseconds)).toEqual(['12.3 µs', '12.0 ms']);
  expect([128, 10_000, 2 ** 20].map(sizeText)).toEqual(['128', '10000', '2^20']);
  expect([12, 2048, 3 * 2 ** 20].map(bytesText)).toEqual(['12 B', '2.00 KiB', '3.00 MiB']);
  expect([0, 2 * ULP, Number.POSITIVE_INFINITY].map(errorText)).toEqual(['none', '2.4e−7 (2.00 ulp)', 'no number']);
});

const rung: Rung = {
  id: 'relu',
  size: 4096,
  seed: 1,
  shape: '[4096]',
  launches: [
    {
      name: 'relu',
      wgsl: 'fn main() {}',
      workgroups: [4, 1, 1],
      workgroupSize: [64, 1, 1],
      workgroupBytes: 0,
      bindings: [],
      flops: null,
    },
  ],
  check: { error: 3 * ULP, place: 7, got: 1, wanted: 2, compared: 10, outputs: 4096, holds: false, also: null },
  speed: {
    ms: 0.5,
    minMs: 0.4,
    rounds: 5,
    replays: 40,
    by: 'timestamps',
    gflops: null,
    gbs: 12.5,
    peakShare: 0.5,
    tookMs: 100,
  },
};

const report: Report = {
  adapter: { host: 'a browser', description: 'some | GPU', isSoftware: false, vendor: 'v', architecture: 'a' },
  browser: 'Browser 1',
  version: '0.0.0',
  date: '2026-12-01',
  measured: { peaks: { multiplyAdd: 1000, load: 25, copy: 20 }, floorMs: 0.3, by: 'timestamps' },
  rungs: {
    relu: [rung],
    matmul: [{ ...rung, id: 'matmul', speed: null, check: { ...rung.check, error: 0, holds: true } }],
  },
  tuned: [
    { id: 'relu', size: 4096, found: [{ family: 'unary', choice: '{"a":1}', defaultMs: 2, ms: 1, candidates: [] }] },
  ],
};

test('a report to read has a line for each size, in the order of the page, and says what is off', () => {
  const lines = reportMarkdown(report).split('\n');
  expect(lines).toContain('some | GPU, in a browser. kindling 0.0.0. 2026-12-01.');
  const rows = lines.filter((line) => /^\| (matmul|relu) /.test(line));
  expect(rows).toEqual([
    '| matmul | [4096] | relu |  |  |  | none |',
    '| relu | [4096] | relu | 0.500 ms | 12.5 GB/s | 50.0 % | 3.6e−7 (3.00 ulp) **too far off** |',
    '| relu | 4096 | unary | 2.00 ms | {"a":1} | 1.00 ms |',
  ]);
});

test('a report to compute with has every figure, and no shader', () => {
  const { kernels, adapter, measured } = JSON.parse(reportJson(report));
  expect(adapter).toEqual(report.adapter);
  expect(measured.peaks.load).toBe(25);
  expect(kernels.map(({ id }: { id: string }) => id)).toEqual(['matmul', 'relu']);
  expect(kernels[1]).toMatchObject({
    family: 'Elementwise',
    check: { ulp: 3, bound: 0, holds: false },
    speed: { ms: 0.5 },
  });
  expect(kernels[1].launches[0]).toMatchObject({ workgroups: [4, 1, 1], characters: 12 });
  expect(JSON.stringify(kernels)).not.toContain('fn main');
});
