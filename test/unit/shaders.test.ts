/** Every kernel of the catalogue compiles and makes a pipeline, on Dawn's null backend: no GPU is needed. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { create, globals } from 'webgpu';
import type { Kernel } from '../../src/kernels/kernel.js';
import { catalogue } from '../support/catalogue.js';
import { ampKernels } from '../support/catalogueAmp.js';

Object.assign(globalThis, globals);
// Held here: what is collected before its device ends the process.
const gpu = create(['backend=null']);
let device: GPUDevice;

beforeAll(async () => {
  const adapter = await gpu.requestAdapter();
  if (!adapter) throw new Error('Dawn has no null backend');
  const wanted: GPUFeatureName[] = ['subgroups', 'shader-f16'];
  device = await adapter.requestDevice({ requiredFeatures: wanted.filter((one) => adapter.features.has(one)) });
});

afterAll(() => device?.destroy());

/** What the compiler and the pipeline say against a kernel, under default limits. */
async function complaints(kernel: Kernel): Promise<string> {
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ code: kernel.wgsl, label: kernel.name });
  const { messages } = await module.getCompilationInfo();
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: 'main' } });
  const error = await device.popErrorScope();
  const told = messages.filter(({ type }) => type === 'error').map(({ lineNum, message }) => `${lineNum}: ${message}`);
  if (error) told.push(error.message);
  void pipeline;
  return told.length > 0 ? `${kernel.wgsl}\n${told.join('\n')}` : '';
}

const families = new Map<string, Kernel[]>();
for (const kernel of [...catalogue(), ...ampKernels()]) {
  const family = /f16/.test(kernel.wgsl) ? 'f16' : (kernel.name.split('.')[0] ?? '');
  families.set(family, [...(families.get(family) ?? []), kernel]);
}

test.each([...families])('%s compiles', async (_, kernels) => {
  for (const kernel of kernels) {
    expect(await complaints(kernel)).toBe('');
    expect(kernel.access.length, `${kernel.name}: buffers`).toBeLessThanOrEqual(8);
    expect(Math.max(...kernel.workgroups), `${kernel.name}: workgroups`).toBeLessThanOrEqual(65535);
    expect(Math.min(...kernel.workgroups), `${kernel.name}: workgroups`).toBeGreaterThan(0);
  }
});

test('a broken shader is noticed', async () => {
  const [kernel] = catalogue();
  if (!kernel) throw new Error('the catalogue is empty');
  expect(await complaints({ ...kernel, wgsl: kernel.wgsl.replace('a0[i]', 'a0[j]') })).toMatch(/unresolved.*'j'/);
});
