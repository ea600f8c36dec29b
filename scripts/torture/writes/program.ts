/** What is traced: files that are made and replaced, the folder of a run, and a data set that is unpacked. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { CIFAR10 } from 'kindling/data';
import { writeFileAtomic } from 'kindling/io';
import { takeNew } from '../../../examples/shared/folder.js';
import { cifarArchive, RECORDS } from '../damage/containers.js';

const [folder = '.'] = process.argv.slice(2);
await writeFileAtomic(join(folder, 'run.checkpoint'), new Uint8Array(100_000));
await writeFileAtomic(join(folder, 'run.checkpoint'), new Uint8Array(200_000));
const run = await takeNew({ out: join(folder, 'run'), name: 'run', first: ['settings.json', '{}'] });
run.keep();
const root = join(folder, 'data');
mkdirSync(root);
const archive = join(root, 'cifar-10-binary.tar.gz');
writeFileSync(archive, gzipSync(cifarArchive));
const md5 = createHash('md5').update(readFileSync(archive)).digest('hex');
await CIFAR10.load({ root, split: 'test', md5, recordsPerFile: RECORDS });
process.exit(0);
