/** `npx tsx bench/peers/losses.ts`: writes `losses.json`, PyTorch's losses in float64 from the starts of the examples' networks. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../scripts/page.js';
import { pythonWithTorch } from '../../scripts/python.js';
import { NETWORKS } from './networks.js';
import { startFile, startOf, writeStarts } from './startFiles.js';

const folder = mkdtempSync(join(tmpdir(), 'kindling-losses-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const python = pythonWithTorch();
if (!python) throw new Error('no Python here has PyTorch');
const args = [join(ROOT, 'bench/torch/networks.py'), ...writeStarts(folder)];
const { status, stdout, stderr } = spawnSync(python, args, { encoding: 'utf8' });
if (status !== 0) throw new Error(stderr);
const losses = JSON.parse(stdout) as Record<string, number[]>;
const known = NETWORKS.map((network) => {
  const sha256 = createHash('sha256')
    .update(startFile(startOf(network)))
    .digest('hex');
  return [network, { sha256, losses: losses[network] }];
});
writeFileSync(join(ROOT, 'bench/peers/losses.json'), `${JSON.stringify(Object.fromEntries(known), null, 2)}\n`);
