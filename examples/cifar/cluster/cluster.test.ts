/** That the words in the manifests are ones the study takes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { STOPPED } from '../grid/exit.js';
import { shardOf } from '../grid/shard.js';
import { parse } from '../options.js';

const read = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8');
const found = (text: string, pattern: RegExp): string => pattern.exec(text)?.[1] ?? `no ${pattern}`;

it('Kubernetes: each index has a part, and a stopped part is no failure', () => {
  const text = read('kubernetes.yaml');
  const { shard = '', out } = parse(found(text, /args: \[(.*)\]/).split(', '));
  const completions = Number(found(text, /completions: (\d+)/));
  const last = shardOf(shard, { JOB_COMPLETION_INDEX: String(completions - 1) });
  expect(last).toEqual({ index: completions - 1, count: completions });
  expect(out?.startsWith(`${found(text, /mountPath: (.*)/)}/`)).toBe(true);
  expect(found(text, /values: \[(.*)\]/)).toBe(String(STOPPED));
  expect(found(text, /completionMode: (.*)/)).toBe('Indexed');
  expect(found(text, /restartPolicy: (.*)/)).toBe('Never');
});

it('Slurm: the script takes a part of the array, and queues again what was stopped', () => {
  const text = read('slurm.sh');
  expect(found(text, /code == (\d+)/)).toBe(String(STOPPED));
  const words = found(text, /#\s+sbatch --array=0-7 \S+ (.*)/).split(' ');
  expect(parse(['--shard', 'auto', ...words])).toMatchObject({ preset: 'full', shard: 'auto', out: '/shared/study' });
  expect(text).toMatch(/main\.ts --shard "auto\$\{PARTS:\+\/\$PARTS\}" "\$@"/);
});
