/** Versions of what is compared, from the installed packages. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../scripts/page.js';

const versionOf = (path: string): string =>
  (JSON.parse(readFileSync(join(ROOT, path, 'package.json'), 'utf8')) as { version: string }).version;

export const versions = (): Record<string, string> => ({
  node: process.versions.node,
  kindling: versionOf('.'),
  tfjs: versionOf('node_modules/@tensorflow/tfjs'),
  'tfjs-backend-webgpu': versionOf('node_modules/@tensorflow/tfjs-backend-webgpu'),
  'jax-js': versionOf('node_modules/@jax-js/jax'),
});
