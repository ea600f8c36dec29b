/**
 * `npm run page:references -- FOLDER`: gathers what the live study draws reference lines of, from PyTorch's runs in FOLDER (default
 * `../shared/reference`) and those in docs/results, into a file of the page.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../page.js';
import { committedRuns, pytorchRuns } from './collect.js';

const folder = process.argv[2] ?? join(ROOT, '../shared/reference');
const references = [...pytorchRuns(folder), ...committedRuns()];
const path = join(ROOT, 'examples/live/page/references/figures.json');
writeFileSync(path, `[\n${references.map((one) => JSON.stringify(one)).join(',\n')}\n]\n`);
console.log(`${references.length} studies in ${path}`);
