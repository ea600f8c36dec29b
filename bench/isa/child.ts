/**
 * Makes a pipeline of each shader, on the device that compile.ts has put in the place of a GPU: run by it, with a file of shaders
 * (a JSON array of WGSL texts). Prints a line of JSON that names the device, and one for each shader: what the layer wrote, or why
 * there is no pipeline.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { create, globals } from 'webgpu';

/** The driver's report on one shader. */
export type Compiled = { readonly report: string } | { readonly error: string };

const [file = ''] = process.argv.slice(2);
const reportFile = process.env.ISA_REPORT ?? '';
Object.assign(globalThis, globals);
// Held here: what is collected before its device ends the process.
const gpu = create([]);
const adapter = await gpu.requestAdapter();
if (!adapter) throw new Error('no adapter: the driver does not know this family');
const wanted: GPUFeatureName[] = ['subgroups', 'shader-f16'];
const device = await adapter.requestDevice({
  requiredFeatures: wanted.filter((feature) => adapter.features.has(feature)),
  // Reported by the driver for this family, and what a real device of it gives.
  requiredLimits: {
    maxComputeWorkgroupStorageSize: adapter.limits.maxComputeWorkgroupStorageSize,
    maxComputeInvocationsPerWorkgroup: adapter.limits.maxComputeInvocationsPerWorkgroup,
    maxComputeWorkgroupSizeX: adapter.limits.maxComputeWorkgroupSizeX,
    maxStorageBuffersPerShaderStage: adapter.limits.maxStorageBuffersPerShaderStage,
  },
});

async function compiled(code: string): Promise<Compiled> {
  rmSync(reportFile, { force: true });
  device.pushErrorScope('validation');
  device.pushErrorScope('internal');
  device.createComputePipeline({ layout: 'auto', compute: { module: device.createShaderModule({ code }) } });
  const errors = [await device.popErrorScope(), await device.popErrorScope()];
  const error = errors.find((one) => one !== null);
  if (error) return { error: error.message };
  return existsSync(reportFile)
    ? { report: readFileSync(reportFile, 'utf8') }
    : { error: 'the driver reports nothing' };
}

/** Resolves once all of it is through the pipe. */
const print = (value: unknown): Promise<unknown> =>
  new Promise((done) => process.stdout.write(`${JSON.stringify(value)}\n`, done));
const { description, device: name } = adapter.info;
await print(`${name}, ${description}`);
for (const code of JSON.parse(readFileSync(file, 'utf8')) as string[]) {
  await print(await compiled(code));
}
// The device that is not there does not come down cleanly.
process.kill(process.pid, 'SIGKILL');
