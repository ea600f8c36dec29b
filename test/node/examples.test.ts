/** The examples as programs: files in, Ctrl-C, exit codes. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { synthetic } from 'kindling/data';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadData } from '../../examples/cifar/data.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'kindling-examples-'));
const data = join(folder, 'data');

/** Digits as MNIST's files have them, half of these gzipped. */
beforeAll(() => {
  mkdirSync(data);
  for (const [split, name, count] of [
    ['train', 'train', 480],
    ['test', 't10k', 40],
  ] as const) {
    const { images, labels } = synthetic({ split, count, like: 'MNIST' });
    writeFileSync(join(data, `${name}-images-idx3-ubyte.gz`), gzipSync(idx(images, [count, 28, 28])));
    writeFileSync(join(data, `${name}-labels-idx1-ubyte`), idx(labels, [count]));
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function idx(bytes: Uint8Array, shape: readonly number[]): Uint8Array {
  const head = new DataView(new ArrayBuffer(4 + 4 * shape.length));
  head.setUint32(0, 0x800 + shape.length);
  for (const [i, size] of shape.entries()) head.setUint32(4 + 4 * i, size);
  return Buffer.concat([new Uint8Array(head.buffer), bytes]);
}

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
/** As npm sets it for scripts. */
const env = { ...process.env, PATH: [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter) };

/**
 * Runs an example by the package's script; `interrupt` sends Ctrl-C, as a terminal does to all processes of the command, once
 * its output has that text.
 */
function run(example: string, argv: readonly string[], interrupt?: string): Promise<{ code: number; text: string }> {
  const [command = '', ...words] = scripts[`example:${example}`]?.split(' ') ?? [];
  const child = spawn(command, [...words, ...argv], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let text = '';
  let sent = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (piece: Buffer) => {
      text += piece;
      if (sent || interrupt === undefined || !text.includes(interrupt)) return;
      sent = true;
      if (child.pid) process.kill(-child.pid, 'SIGINT');
    });
  }
  return new Promise((done) => child.on('close', (code) => done({ code: code ?? -1, text })));
}

/** Runs that were refused: each has a folder of its own, since two at a time cannot share one. */
let refused = 0;

// The tsx command is a parent that soon kills a child too busy to answer Ctrl-C: nothing would be saved.
it.each(['xor', 'mnist', 'gpt', 'cifar', 'resnet'])('the script of %s starts the program itself', (example) => {
  expect(scripts[`example:${example}`]).toBe(`node --import tsx examples/${example}/main.ts`);
});

describe('mnist', () => {
  const sizes = ['--data', data, '--epochs', '2', '--batch-size', '8', '--seed', '2'];
  const at = (name: string): string => join(folder, name);
  const result = (name: string) => JSON.parse(readFileSync(join(at(name), 'result.json'), 'utf8'));

  it('stopped by Ctrl-C and resumed, ends with the same bits', async () => {
    // Two at a time: most of a short run is one thread that compiles shaders.
    const running = run('mnist', [...sizes, '--target', '0.2', '--out', at('whole')]);
    const stopped = await run('mnist', [...sizes, '--target', '0.2', '--out', at('stopped')], 'step 1/120');
    expect(stopped.text).toMatch(/Stopped and saved after step \d+\. Go on with: npm run example:mnist -- --resume/);
    expect(stopped.code).toBe(130);
    expect(existsSync(join(at('stopped'), 'result.json'))).toBe(false);
    const resumed = await run('mnist', ['--resume', at('stopped')]);
    expect(resumed.text).toMatch(/Going on after step \d+ of 120/);
    expect(resumed.code).toBe(0);

    const whole = await running;
    expect(whole.text).toMatch(/test accuracy .*REACHED/);
    expect(whole.text).not.toContain('synthetic');
    expect(whole.code).toBe(0);

    const [a, b] = [result('whole'), result('stopped')];
    expect(a.losses).toHaveLength(120);
    expect({ ...b, seconds: 0 }).toEqual({ ...a, seconds: 0 });
    const weights = (name: string): Buffer => readFileSync(join(at(name), 'model.safetensors'));
    expect(weights('stopped').equals(weights('whole'))).toBe(true);
    expect(existsSync(join(at('stopped'), 'run.checkpoint'))).toBe(false);
  });

  it.concurrent('fails loudly under its target', async () => {
    const { code, text } = await run('mnist', [
      '--train-size',
      '16',
      '--test-size',
      '40',
      '--epochs',
      '1',
      '--out',
      at('few'),
    ]);
    expect(text).toMatch(/synthetic · test accuracy .*wanted at least 97.00 %: MISSED/);
    expect(code).toBe(1);
    const silent = text.split('\n').filter((line) => line !== '' && !line.startsWith('synthetic · '));
    expect(silent).toEqual([]);
  });

  it.concurrent.each([
    [['--data', join(folder, 'nowhere')], /there is no such folder/],
    [['--data', folder], /wants train-images-idx3-ubyte/],
    [['--data', data, '--train-size', '481'], /--train-size 481: there are 480 train pictures/],
  ])('refuses %j before it leaves anything', async (argv, message) => {
    const out = at(`refused${++refused}`);
    const { code, text } = await run('mnist', [...argv, '--out', out]);
    expect(text).toMatch(message);
    expect(code).toBe(1);
    expect(existsSync(out)).toBe(false);
  });
});

describe('gpt', () => {
  const text = join(folder, 'text.txt');
  const tiny = [
    '--batch-size',
    '2',
    '--context',
    '8',
    '--width',
    '8',
    '--heads',
    '2',
    '--layers',
    '1',
    '--sample',
    '4',
  ];
  beforeAll(() => writeFileSync(text, 'Call me Ishmael. Some years ago—never mind how long.\n'.repeat(20)));

  it('stopped by Ctrl-C and resumed, ends with the same bits', async () => {
    const options = [...tiny, '--text', text, '--steps', '110', '--seed', '3', '--target', '-9'];
    const [whole, stopped] = [join(folder, 'gpt'), join(folder, 'gptStopped')];
    const running = run('gpt', [...options, '--out', whole]);
    expect((await run('gpt', [...options, '--out', stopped], 'step 1/110')).code).toBe(130);
    expect((await run('gpt', ['--resume', stopped])).text).toMatch(/after step \d+ of 110/);
    expect((await running).code).toBe(0);
    const [a, b] = [whole, stopped].map((at) => JSON.parse(readFileSync(join(at, 'result.json'), 'utf8')));
    expect(a.losses).toHaveLength(110);
    expect([...a.written]).toHaveLength(4);
    expect({ ...b, seconds: 0 }).toEqual({ ...a, seconds: 0 });
  });

  it.concurrent('fails loudly where it knows no more than how frequent characters are', async () => {
    const out = join(folder, 'gptMissed');
    const { code, text: said } = await run('gpt', [...tiny, '--text', text, '--steps', '1', '--out', out]);
    expect(said).toMatch(/nats per character below unigram -\d\.\d+, wanted at least 0\.500: MISSED/);
    expect(code).toBe(1);
  });

  it.concurrent.each([
    [['--text', join(folder, 'nowhere.txt')], /--text .*there is no such file/],
    [['--text', folder], /--text .*there is no such file/],
    [['--text', text, '--context', '106'], /the text has 1060 characters; for windows of 106/],
    [['--text', text, '--heads', '3'], /3 heads do not divide width 64/],
  ])('refuses %j before it leaves anything', async (argv, message) => {
    const out = join(folder, `gptRefused${++refused}`);
    const { code, text: said } = await run('gpt', [...argv, '--out', out]);
    expect(said).toMatch(message);
    expect(code).toBe(1);
    expect(existsSync(out)).toBe(false);
  });
});

describe('cifar', () => {
  it('goes on after a run that diverged, gives it no scores, and ends with exit 1', async () => {
    const out = join(folder, 'cifarDead');
    const sizes = { trainSize: 32, testSize: 20, epochs: 1, batchSize: 8, seeds: [0] };
    const scenarios = [
      { name: 'dead', lr: 1e30 },
      { name: 'after', lr: 1e-3, startFrom: 'dead' },
      { name: 'alive', lr: 1e-3 },
    ];
    const { fingerprint, location } = await loadData({ choice: 'synthetic', download: false, ...sizes }, () => {});
    const options = { set: 'tricks', asPublished: false, host: 'node', json: false };
    const plan = { ...sizes, set: 'tricks', scenarios, preset: 'custom' };
    mkdirSync(join(out, 'state'), { recursive: true });
    writeFileSync(join(out, 'state/resume.json'), JSON.stringify({ options, plan, location, fingerprint }));
    const dead = /DIVERGED: dead, seed 0: the loss of step \d is NaN, and conv1\.weight/;
    const [first, again] = [await run('cifar', ['--resume', out]), await run('cifar', ['--resume', out])];
    for (const { code, text } of [first, again]) {
      expect(text).toMatch(dead);
      expect(text).toMatch(/dead, seed 0 +│ synthetic .*│ +diverged/);
      expect(code).toBe(1);
    }
    const results = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8'));
    expect(results.runs.map((one: { scenario: string }) => one.scenario)).toEqual(['alive']);
    expect(results.diverged).toEqual([
      { scenario: 'dead', seed: 0, what: expect.stringMatching(/^the loss of step \d is NaN/) },
      { scenario: 'after', seed: 0, what: 'it goes on from dead, which diverged' },
    ]);
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toMatch(dead);
    expect(existsSync(join(out, 'weights/dead-seed0.safetensors'))).toBe(false);
  });
});

describe('resnet', () => {
  it('stopped by Ctrl-C and resumed, ends with the same bits', async () => {
    const options = [
      '--data',
      'synthetic',
      '--train-size',
      '48',
      '--test-size',
      '20',
      '--batch-size',
      '4',
      '--epochs',
      '1',
    ];
    const [whole, stopped] = [join(folder, 'resnet'), join(folder, 'resnetStopped')];
    const running = run('resnet', [...options, '--out', whole]);
    const first = await run('resnet', [...options, '--out', stopped], 'step 1/12');
    expect(first.text).toMatch(/Stopped and saved after step \d+/);
    expect(first.code).toBe(130);
    expect((await run('resnet', ['--resume', stopped])).text).toMatch(/Going on after step \d+ of 12/);
    const { text, code } = await running;
    expect(text).toMatch(/testing .*20 of 20 images/);
    expect(text).toContain('no target at this budget');
    expect(code).toBe(0);
    const [a, b] = [whole, stopped].map((at) => JSON.parse(readFileSync(join(at, 'result.json'), 'utf8')));
    expect(a.losses).toHaveLength(12);
    expect({ ...b, seconds: 0, testSeconds: 0 }).toEqual({ ...a, seconds: 0, testSeconds: 0 });
    const weights = (at: string): Buffer => readFileSync(join(at, 'weights.safetensors'));
    expect(weights(stopped).equals(weights(whole))).toBe(true);
  });
});
