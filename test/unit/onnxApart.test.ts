/** Rules of ONNX stand beside the functions; programs without `kindling/onnx` do not carry them. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { ELEMENTWISE } from '../../src/onnx/elementwise.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Operators that a bundle of all that these entries export names. */
async function operatorsIn(...entries: string[]): Promise<string[]> {
  const { outputFiles } = await build({
    stdin: { contents: entries.map((path) => `export * from './src/${path}.js';`).join('\n'), resolveDir: ROOT },
    ...{ bundle: true, format: 'esm', platform: 'node', external: ['#*'], write: false, logLevel: 'error' },
  });
  const text = outputFiles[0]?.text ?? '';
  const operators = Object.values(ELEMENTWISE).filter((rule) => typeof rule === 'string');
  return operators.filter((operator) => text.includes(`"${operator}"`));
}

test('all functions and methods are without', async () => {
  expect(await operatorsIn('index', 'methods/index', 'nn/functional')).toEqual([]);
});

test('kindling/onnx has them', async () => {
  expect(await operatorsIn('onnx/index')).toContain('Asinh');
});
