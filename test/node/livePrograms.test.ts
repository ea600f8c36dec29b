/** Programs that the live study hands out: TypeScript that gives the page's losses to the bit, and Python that PyTorch runs. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { synthetic } from 'kindling/data';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { SETS } from '../../examples/cifar/scenarios.js';
import { trainRun } from '../../examples/cifar/train.js';
import { OFFERED, type Offered, type Plan } from '../../examples/live/shared/plan.js';
import { pytorchProgram } from '../../examples/live/shared/programs/pytorch.js';
import { typescriptProgram } from '../../examples/live/shared/programs/typescript.js';
import type { Wanted } from '../../examples/live/shared/programs/what.js';
import { ROOT } from '../../scripts/page.js';
import { pythonWithTorch } from '../../scripts/python.js';

const SIZES = { epochs: 2, trainSize: 16, testSize: 8, batchSize: 8 } as const;
/** In the package, so that `kindling` is found as in its tests. */
const folder = join(ROOT, 'test/docs/.programs/live');
const python = pythonWithTorch();

const wantedOf = (set: Offered, scenario: string, data: Plan['data'] = 'synthetic'): Wanted => {
  const plan: Plan = { ...SIZES, data, set, scenarios: [scenario], seeds: [3] };
  return { plan, run: { scenario, seed: 3 }, changes: [] };
};
const all = (Object.keys(OFFERED) as Offered[]).flatMap((set) => SETS[set].map(({ name }) => wantedOf(set, name)));
/** On pictures that the page hands out: here they are those that the others draw. */
const real = wantedOf('tricks', 'norm_inputs', 'cifar10');
const realPath = join(folder, 'real.ts');
const pathOf = ({ run }: Wanted, extension: string): string => join(folder, `${run.scenario}.${extension}`);

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    realPath,
    typescriptProgram(real).replace("'pictures.bin'", JSON.stringify(join(folder, 'pictures.bin'))),
  );
  for (const wanted of all) {
    writeFileSync(pathOf(wanted, 'ts'), typescriptProgram(wanted));
    writeFileSync(pathOf(wanted, 'py'), pytorchProgram(wanted));
  }
  const [train, of] = [synthetic({ split: 'train', count: 16 }), synthetic({ split: 'test', count: 8 })];
  const records = [train, of].flatMap(({ images, labels }) =>
    [...labels].map((label, i) => [label, ...images.subarray(i * 3072, (i + 1) * 3072)]),
  );
  writeFileSync(join(folder, 'pictures.bin'), Uint8Array.from(records.flat()));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('type-check as they are', () => {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const program = ts.createProgram([realPath, ...all.map((wanted) => pathOf(wanted, 'ts'))], options);
  const found = ts.getPreEmitDiagnostics(program);
  expect(found.map(({ messageText, file }) => [file?.fileName, messageText])).toEqual([]);
});

/** Those that are run; `KINDLING_PROGRAMS=all` runs more. */
const RUN = process.env.KINDLING_PROGRAMS === 'all' ? ['mse', 'l1', 'sgd_momentum', 'tanh', 'unshuffled'] : [];

test('on pictures that the page hands out gives the losses of those that are drawn', async () => {
  const losses = async (path: string): Promise<string[]> => {
    const said = vi.spyOn(console, 'log').mockImplementation(() => {});
    await import(path);
    const lines = said.mock.calls.map((parts) => parts.map(String).join(' '));
    said.mockRestore();
    return lines.filter((line) => line.startsWith('step'));
  };
  const drawn = all.find(({ run }) => run.scenario === 'norm_inputs') as Wanted;
  const expected = await losses(pathOf(drawn, 'ts'));
  expect(expected).toHaveLength(4);
  expect(await losses(realPath)).toEqual(expected);
});

describe.each(['init_weights', 'dropout_both', ...RUN])('%s', (name) => {
  const wanted = all.find(({ run }) => run.scenario === name) as Wanted;

  test('in TypeScript gives the losses of the page', async () => {
    const { plan, run } = wanted;
    const scenario = SETS[plan.set].find((one) => one.name === name);
    if (!scenario) throw new Error(`no scenario ${name}`);
    const data = {
      train: synthetic({ split: 'train', count: plan.trainSize }),
      test: synthetic({ split: 'test', count: plan.testSize }),
    };
    const losses: number[] = [];
    const events = { onStep: ({ loss }: { loss: number }) => losses.push(loss) < 0 };
    await trainRun({ scenario, seed: run.seed, epochs: plan.epochs, batchSize: plan.batchSize }, data, events);
    const said = vi.spyOn(console, 'log').mockImplementation(() => {});
    await import(pathOf(wanted, 'ts'));
    const lines = said.mock.calls.map((parts) => parts.map(String).join(' '));
    said.mockRestore();
    expect(lines.filter((line) => line.startsWith('step'))).toEqual(
      losses.map((loss, i) => `step ${i + 1} loss ${loss}`),
    );
    expect(lines.filter((line) => /^epoch \d /.test(line))).toHaveLength(plan.epochs);
  });

  test.skipIf(!python)('in Python trains with PyTorch', () => {
    const said = execFileSync(python as string, [pathOf(wanted, 'py'), join(folder, 'pictures.bin')], {
      encoding: 'utf8',
    });
    expect(said).toMatch(/epoch 2, step 2: loss \d\.\d+\nepoch 2: accuracy \d\.\d+\n$/);
  });
});

test.skipIf(!python)('every Python program compiles', () => {
  const paths = all.map((wanted) => pathOf(wanted, 'py'));
  execFileSync(python as string, ['-m', 'py_compile', ...paths]);
});

if (!python) console.log('Python with torch is missing: the PyTorch programs were not run');
