/** Counts the calls that a device is given, from outside the library. */
const DEVICE = [
  'createBuffer',
  'createBindGroup',
  'createBindGroupLayout',
  'createPipelineLayout',
  'createComputePipeline',
  'createComputePipelineAsync',
  'createShaderModule',
] as const;
const QUEUE = ['writeBuffer', 'submit'] as const;

export type Calls = Record<(typeof DEVICE)[number] | (typeof QUEUE)[number], number>;

export function countCalls(device: GPUDevice): { stop(): Calls } {
  const calls: Record<string, number> = {};
  const undo: (() => void)[] = [];
  const wrap = (object: object, name: string): void => {
    // Somebody else may have wrapped it before: mutations do.
    const before = Reflect.getOwnPropertyDescriptor(object, name);
    const method = Reflect.get(object, name) as (...args: unknown[]) => unknown;
    calls[name] = 0;
    Object.defineProperty(object, name, {
      configurable: true,
      value: (...args: unknown[]) => {
        calls[name] = (calls[name] ?? 0) + 1;
        return method.apply(object, args);
      },
    });
    undo.push(() => {
      if (before) Object.defineProperty(object, name, before);
      else Reflect.deleteProperty(object, name);
    });
  };
  for (const name of DEVICE) wrap(device, name);
  for (const name of QUEUE) wrap(device.queue, name);
  return {
    stop() {
      for (const one of undo) one();
      return calls as Calls;
    },
  };
}
