/** The figures in the repository: of which kernels they are, where they lie, and how they are made anew. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../scripts/page.js';
import { hashOf } from './hash.js';
import { type Listed, measuredKernels } from './kernels.js';
import { json, markdown, missing } from './report.js';
import { type Family, measure, type Row } from './rows.js';

/** RDNA 2 and GCN 5, two instruction sets. */
const FAMILIES = ['navi21', 'vega10'] as const;

const fileOf = (family: string): string => join(ROOT, `bench/results/isa-${family}.json`);
const PAGE = join(ROOT, 'bench/results/isa.md');
const DOCUMENT = join(ROOT, 'docs/performance.md');

/** Around the table in the documentation. */
const BEGIN = '<!-- npm run isa -- --update -->';
const END = '<!-- /isa -->';

const rowsOf = (family: string): Row[] => JSON.parse(readFileSync(fileOf(family), 'utf8')) as Row[];

const between = (document: string): string => document.split(BEGIN)[1]?.split(END)[0]?.trim() ?? '';

/** Compiles the kernels for both families and writes all of it. */
export async function update(): Promise<void> {
  const kernels = await measuredKernels();
  const made: Record<string, Family> = {};
  for (const family of FAMILIES) {
    made[family] = await measure(family, kernels);
    const [failure] = made[family].failed;
    if (failure) throw new Error(failure);
    writeFileSync(fileOf(family), json(made[family].rows));
  }
  writeFileSync(PAGE, markdown(made));
  const document = readFileSync(DOCUMENT, 'utf8');
  const [before = '', rest = ''] = document.split(BEGIN);
  writeFileSync(DOCUMENT, `${before}${BEGIN}\n${missing(made)}\n${END}${rest.split(END)[1]}`);
}

/** What identifies a row, whatever its figures. */
const identity = ({ of, name, workgroups }: Pick<Listed, 'of' | 'name' | 'workgroups'>, hash: string): string =>
  `${of}, ${name}, ${workgroups.join('×')} workgroups, WGSL ${hash}`;

/**
 * Where the committed figures are not those of the kernels as they are: lines that are theirs alone or missing from them.
 *
 * @param kernels as {@link measuredKernels} has them now
 */
export function outdated(kernels: readonly Listed[]): string[] {
  const now = kernels.map((kernel) => identity(kernel, hashOf(kernel.wgsl)));
  const complaints = FAMILIES.flatMap((family) => {
    const then = rowsOf(family).map((row) => identity(row, row.hash));
    return [
      ...(then.length === now.length ? [] : [`isa-${family}.json has ${then.length} rows for ${now.length} kernels`]),
      ...now.filter((one) => !then.includes(one)).map((one) => `isa-${family}.json lacks ${one}`),
      ...then.filter((one) => !now.includes(one)).map((one) => `isa-${family}.json has ${one}, which is no more`),
    ];
  });
  const rows = Object.fromEntries(FAMILIES.map((family) => [family, { rows: rowsOf(family) }]));
  if (between(readFileSync(DOCUMENT, 'utf8')) !== missing(rows))
    complaints.push('docs/performance.md has other figures');
  return complaints;
}
