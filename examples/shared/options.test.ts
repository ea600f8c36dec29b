import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseRun, positive, type RunFolder, resumeLine, typedPath, whole } from './options.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kindling-options-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const parse = (...argv: string[]): Promise<RunFolder<{ epochs: number; rate?: number }>> =>
  parseRun(
    new Command('example:test').option('--epochs <n>', '', whole(1), 3).option('--rate <x>', '', positive(1)),
    argv,
  );

/** What is said on standard error when the command line is refused. */
async function refusal(...argv: string[]): Promise<string> {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  vi.spyOn(process, 'exit').mockImplementation(() => {
    throw new Error('exit');
  });
  await expect(parse(...argv)).rejects.toThrow('exit');
  return said.mock.calls.map(([text]) => text).join('');
}

it.each([
  [['--epochs', '0'], /--epochs.*whole number ≥ 1/],
  [['--epochs', ''], /--epochs.*whole number/],
  [['--epochs', '1.5'], /--epochs.*whole number/],
  [['--rate', '0'], /--rate.*greater than 0, at most 1/],
  [['--rate', 'x'], /--rate.*greater than 0/],
  [['--rate', '2'], /--rate.*greater than 0, at most 1/],
])('refuses %j', async (argv, message) => expect(await refusal(...argv)).toMatch(message));

it('keeps the settings in the folder, and takes them from there', async () => {
  const out = join(folder, 'run');
  const begun = await parse('--out', out, '--epochs', '7');
  expect(begun).toMatchObject({ folder: out, resume: false, log: undefined, settings: { epochs: 7 } });
  await begun.create();
  const resumed = await parse('--resume', out);
  expect(resumed).toMatchObject({ folder: out, resume: true, settings: { epochs: 7 }, checkpoint: begun.checkpoint });
  expect(resumed.resumeCommand).toBe(`npm run example:test -- --resume ${out}`);
  expect(await refusal('--resume', out, '--epochs', '3')).toMatch(/leave out --epochs/);
});

it('keeps what was found out when the run was created', async () => {
  const out = join(folder, 'run');
  await (await parse('--out', out)).create({ rate: 0.5 });
  expect((await parse('--resume', out)).settings).toEqual({ epochs: 3, rate: 0.5 });
});

it('logs where it is told to, and a resumed run goes on there, or elsewhere', async () => {
  const [out, log] = [join(folder, 'run'), join(folder, 'log')];
  const begun = await parse('--out', out, '--log', log);
  expect(begun).toMatchObject({ log, settings: { epochs: 3 } });
  expect(begun.settings).not.toHaveProperty('log');
  await begun.create({ rate: 0.5 });
  const resumed = await parse('--resume', out);
  expect(resumed).toMatchObject({ log, settings: { epochs: 3, rate: 0.5 } });
  expect(resumed.settings).not.toHaveProperty('log');
  expect((await parse('--resume', out, '--log', folder)).log).toBe(folder);
});

it("refuses another example's run", async () => {
  const out = join(folder, 'run');
  await (await parse('--out', out)).create();
  const settings = join(out, 'settings.json');
  const text = await readFile(settings, 'utf8');
  await writeFile(settings, text.replace('example:test', 'example:other'));
  await expect(parse('--resume', out)).rejects.toThrow(/is of a run of example:other, not of example:test/);
});

it('refuses a file as a folder', async () => {
  const file = join(folder, 'file');
  await writeFile(file, '');
  await expect(parse('--out', file)).rejects.toThrow(`--out ${file}: ${file} is a file`);
  await expect(parse('--out', join(file, 'a', 'b'))).rejects.toThrow(`b: ${file} is a file`);
});

it('takes paths from where npm was called', async () => {
  vi.stubEnv('INIT_CWD', folder);
  expect(typedPath('x')).toBe(join(folder, 'x'));
  expect((await parse('--out', 'x')).folder).toBe(join(folder, 'x'));
  vi.stubEnv('INIT_CWD', undefined);
  expect(typedPath('x')).toBe(resolve('x'));
});

it('quotes a folder with spaces in the command that goes on', () => {
  expect(resumeLine('example:test', '/a b/c')).toBe('npm run example:test -- --resume "/a b/c"');
});

it('touches no folder that is in use, and resumes none that is not', async () => {
  const run = await parse('--out', folder);
  await run.create();
  await expect(parse('--out', folder)).rejects.toThrow(/holds a run already: --resume/);
  await run.write('result.json', '{}');
  await expect(parse('--out', folder)).rejects.toThrow(/is not empty/);
  await expect(parse('--resume', folder)).rejects.toThrow(/has ended/);
  await expect(parse('--resume', join(folder, 'x'))).rejects.toThrow(/no run to resume: there is no settings.json/);
});

it.each<readonly [string, Record<string, unknown>, RegExp]>([
  ['of another type', { epochs: '3' }, /settings.json is damaged: epochs is "3"/],
  ['that the command line refuses', { epochs: 0 }, /settings.json is damaged: epochs is 0/],
  ['beyond what it takes', { epochs: 3, rate: 2 }, /settings.json is damaged: rate is 2/],
  ['that it does not know', { epochs: 3, dpochs: 1 }, /settings.json is damaged: example:test has no setting dpochs/],
  ['that is missing', {}, /settings.json is damaged: it does not say epochs/],
  ['of a log that is no path', { epochs: 3, log: 4 }, /settings.json is damaged: log is 4/],
])('goes on with no setting %s', async (_, settings, message) => {
  await writeFile(join(folder, 'settings.json'), JSON.stringify({ example: 'example:test', ...settings }));
  await expect(parse('--resume', folder)).rejects.toThrow(message);
});

describe('a folder', () => {
  /** A process that parses `--out` or `--resume`, says so and waits. */
  async function another(...argv: string[]): Promise<{ said: string; child: ChildProcess }> {
    const source = `
      import { Command } from 'commander';
      import { parseRun } from ${JSON.stringify(fileURLToPath(new URL('options.ts', import.meta.url)))};
      try {
        const command = new Command('example:test').option('--epochs <n>', '', Number, 3);
        const run = await parseRun(command, ${JSON.stringify(argv)});
        await run.create();
        console.log(run.folder);
        setTimeout(() => {}, 60_000);
      } catch (error) {
        console.log('refused: ' + error.message);
      }`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', source], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const [said] = await once(child.stdout as NonNullable<typeof child.stdout>, 'data');
    return { said: String(said).trim(), child };
  }
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  it('belongs to one process at a time, until that ends or is killed', async () => {
    const out = join(folder, 'run');
    const { said, child } = await another('--out', out);
    expect(said).toBe(out);
    const busy = new RegExp(`run: process ${child.pid} on .* has been at it since 20.*choose another folder`);
    await expect(parse('--out', out)).rejects.toThrow(busy);
    await expect(parse('--resume', out)).rejects.toThrow(busy);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await writeFile(join(out, 'settings.json.1-ab.part'), 'x');
    const noted = vi.spyOn(console, 'error').mockReturnValue();
    expect(await parse('--resume', out)).toMatchObject({ resume: true });
    expect(noted).toHaveBeenCalledWith(`NOTE: ${out} was left by process ${child.pid}, which has ended.`);
    expect((await readdir(out)).sort()).toEqual(['run.lock', 'settings.json']);
  });

  it('has a name of its own where it is not given, whenever it is made', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2020-02-02T02:02:02Z') });
    vi.spyOn(process, 'cwd').mockReturnValue(folder);
    const folders = [await parse(), await parse(), await parse()].map((run) => run.folder);
    vi.useRealTimers();
    const stem = join(folder, 'runs/test-2020-02-02-020202');
    expect(folders).toEqual([stem, `${stem}-2`, `${stem}-3`]);
  });
});
