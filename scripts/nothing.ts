import { init } from 'kindling';
import { create, globals } from 'webgpu';

/** Opens kindling on a device that takes commands and does nothing (Dawn's null backend), where kernels are chosen as on a GPU, or as they are. */
export async function openNothing(assume: 'gpu' | null = 'gpu'): Promise<void> {
  const nothing = create(['backend=null']);
  const { prototype } = (globals as { GPU: { prototype: GPU } }).GPU;
  const { requestAdapter } = prototype;
  prototype.requestAdapter = () => requestAdapter.call(nothing);
  // A driver is named, so that none is looked for.
  process.env.VK_DRIVER_FILES ??= 'none';
  await init({ assume: assume ?? undefined });
}
