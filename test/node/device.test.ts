/** Devices that went, in Node: Dawn's binding holds listeners, and what is in their scopes. */
import { destroy, init, ones } from 'kindling';
import { expect, test } from 'vitest';
import { device } from '../../src/gpu/device.js';
import { collectGarbage } from '../../src/memory/collector.js';

/** In a function of its own, so that nothing here holds the device. */
async function gone(): Promise<WeakRef<GPUDevice>> {
  expect(await ones([2]).sum().item()).toBe(2);
  return new WeakRef(device());
}

test('they are collected', async () => {
  const devices: WeakRef<GPUDevice>[] = [];
  for (let i = 0; i < 3; i++) {
    destroy();
    await init();
    devices.push(await gone());
  }
  destroy();
  await init();
  const held = (): number => devices.filter((one) => one.deref()).length;
  for (let i = 0; i < 20 && held() > 0; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    await collectGarbage();
  }
  expect(held()).toBe(0);
});
