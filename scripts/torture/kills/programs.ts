/** The programs that are killed: how each begins and goes on, and what it leaves. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../page.js';

export interface Killed {
  readonly name: string;
  /** What to start, in an empty folder or one in which it was killed. */
  argv(folder: string): readonly string[];
  ended(folder: string): boolean;
  /** What a run of it decided, without times: the same for every one. */
  result(folder: string): Record<string, string>;
}

const read = (path: string): string => readFileSync(path, 'latin1');

/** Without times, and what they are called by. */
function timeless(path: string): string {
  return JSON.stringify(JSON.parse(readFileSync(path, 'utf8')), (key, value: unknown) =>
    key === 'seconds' ? 0 : value,
  );
}

/** An example that keeps its settings in `first`. */
function example(
  name: string,
  options: readonly string[],
  first: string,
  last: string,
  weights: string,
): Omit<Killed, 'ended'> {
  return {
    name,
    argv(folder) {
      const begun = existsSync(join(folder, first)) ? ['--resume', folder] : [...options, '--out', folder];
      return [join(ROOT, `examples/${name.split(' ')[0]}/main.ts`), ...begun];
    },
    result(folder) {
      const at = join(folder, weights);
      const files = weights.endsWith('/') ? readdirSync(at).map((one) => join(at, one)) : [at];
      const bytes = files.map((file) => [file.slice(folder.length), read(file)]);
      return { ...Object.fromEntries(bytes), result: timeless(join(folder, last)) };
    },
  };
}

const there = (file: string) => (folder: string) => existsSync(join(folder, file));
const MODEL = 'model.safetensors';

const mnist: Killed = {
  ...example(
    'mnist',
    words('--train-size 96 --test-size 20 --batch-size 8 --epochs 2 --target 0'),
    'settings.json',
    'result.json',
    MODEL,
  ),
  ended: there('result.json'),
};
const gpt: Killed = {
  ...example(
    'gpt',
    words('--batch-size 2 --context 8 --width 8 --heads 2 --layers 1 --sample 4 --steps 40 --target -9'),
    'settings.json',
    'result.json',
    MODEL,
  ),
  ended: there('result.json'),
};
const study = words('--data synthetic --preset smoke --scenarios baseline,lr_schedule');
const cifar = (name: string, more: readonly string[]): Killed => ({
  ...example(name, [...study, ...more], 'state/resume.json', 'results.json', 'weights/'),
  ended(folder) {
    const at = join(folder, 'results.json');
    const runs = existsSync(at) ? (JSON.parse(readFileSync(at, 'utf8')) as { runs: unknown[] }).runs.length : 0;
    return runs === 2 && existsSync(join(folder, 'report.html'));
  },
});
const own: Killed = {
  name: 'own',
  argv: (folder) => [join(import.meta.dirname, 'own.ts'), folder],
  ended: there('result.json'),
  result: (folder) => ({ weights: read(join(folder, MODEL)), result: read(join(folder, 'result.json')) }),
};

function words(text: string): string[] {
  return text.split(' ');
}

export const PROGRAMS: readonly Killed[] = [own, mnist, gpt, cifar('cifar', [])];
/** In Chromium, whose processes are to end too: some ten seconds a start. */
export const IN_BROWSER: Killed = cifar('cifar browser', ['--host', 'browser']);
