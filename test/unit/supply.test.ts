/** What comes along with kindling, and what with its development: nothing unseen. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (name: string): string => readFileSync(join(root, name), 'utf8');

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly link?: boolean;
  readonly inBundle?: boolean;
}
const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };
const manifest = JSON.parse(read('package.json')) as Record<string, Record<string, unknown>>;
const packages = Object.entries(lock.packages).filter(([path, { link }]) => path !== '' && !link);

it('the package has no dependencies', () => {
  expect(Object.keys(manifest.dependencies ?? {})).toEqual([]);
  expect(Object.keys(manifest.optionalDependencies ?? {})).toEqual([]);
  expect(manifest.bundleDependencies ?? manifest.bundledDependencies ?? []).toEqual([]);
  const optional = Object.entries(manifest.peerDependenciesMeta ?? {}).map(([name, meta]) => [name, meta]);
  expect(Object.fromEntries(optional)).toEqual(
    Object.fromEntries(Object.keys(manifest.peerDependencies ?? {}).map((name) => [name, { optional: true }])),
  );
});

it('those of development are pinned with their checksums, and from no other place', () => {
  expect(packages.length).toBeGreaterThan(100);
  const loose = packages.filter(([, { integrity, inBundle }]) => !inBundle && !/^sha(512|256)-/.test(integrity ?? ''));
  expect(loose.map(([path]) => path)).toEqual([]);
  const elsewhere = packages.filter(([, { resolved = 'https://' }]) => !/^https:\/\//.test(resolved));
  expect(elsewhere.map(([path]) => path)).toEqual([]);
});

it('install scripts are allowed or denied by name', () => {
  const scripted = packages.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => nameOf(path));
  // Those for macOS are locked here, and installed there.
  const asked = new Set(scripted.filter((name) => name !== 'fsevents'));
  expect(Object.keys(manifest.allowScripts ?? {}).sort()).toEqual([...asked].sort());
});

it('workflows have the least rights', () => {
  const folder = join(root, '.github/workflows');
  for (const name of readdirSync(folder)) {
    const text = readFileSync(join(folder, name), 'utf8');
    expect(text).toMatch(/^permissions:\n {2}contents: read$/m);
    expect(text).not.toMatch(/write-all|pull_request_target|secrets\./);
    for (const [, action] of text.matchAll(/uses: (\S+)/g))
      expect(action).toMatch(/^actions\/[\w-]+@(v\d+|[0-9a-f]{40})$/);
  }
});

const nameOf = (path: string): string => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
