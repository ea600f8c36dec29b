/** A study in parts, one of them preempted, against the same study on one machine: on one adapter they have the same bits. */
import { spawn } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { STOPPED } from '../../examples/cifar/grid/exit.js';
import { workShard } from '../../examples/cifar/grid/work.js';
import { parse } from '../../examples/cifar/options.js';
import { trainWhole } from '../../examples/cifar/whole.js';
import { at, folder, left, merged, out, part, said, smoke, whole } from '../support/studyParts.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
// The last goes on from the one before it.
const study = ['--as-published', '--scenarios', 'baseline,dropout_dense,dropout_conv', ...smoke];

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('SIGTERM saves a part and says to queue it again; it goes on, and the whole is that of one machine', async () => {
  const argv = ['--shard', '1/3', '--out', at('parts')];
  const program = ['--import', 'tsx', 'examples/cifar/main.ts', ...study, ...argv];
  const child = spawn(process.execPath, program, { cwd: root });
  let text = '';
  child.stdout.on('data', (piece) => {
    const before = text.includes('step 1/');
    text += piece;
    if (!before && text.includes('step 1/')) child.kill('SIGTERM');
  });
  expect(await new Promise((done) => child.on('close', done))).toBe(STOPPED);
  expect(text).toContain('Part 1 of 3: 2 of 3 runs, 0 done');
  expect(text).toContain('Stopped and saved; the same command goes on. Exit 75.');
  const state = join(at('parts'), 'state');
  expect(readdirSync(state)).toEqual([expect.stringMatching(/^dropout_dense-seed0-\w+\.checkpoint$/)]);
  expect(await part(study, '1/3', 'parts')).toBe(0);
  expect(readdirSync(state)).toEqual([]);

  expect(await merged('parts', 'parts')).toBe(1);
  const missing = /MISSING: baseline \(seed 0\)\. To make it:\n {2}npm run example:cifar -- (.*)\n/;
  const [, command = ''] = missing.exec(said.join('')) ?? [];
  expect(await workShard(parse(command.split(' ')), out)).toBe(0);
  expect(await merged('parts', 'parts')).toBe(0);
  await whole(study, 'whole');
  expect(left('parts')).toEqual(left('whole'));

  await expect(part(study, '1/2', 'whole')).rejects.toThrow(/holds a study of one machine: --resume goes on with it/);
  await expect(trainWhole(parse(['--resume', at('parts')]), out)).rejects.toThrow(/holds runs of shards/);
  await expect(merged('more', 'whole')).rejects.toThrow(/holds a study of one machine, not runs of --shard/);
});
