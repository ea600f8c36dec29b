/** Keeps the device as busy as it can be, while the page looks how smoothly it runs. */
import { adapter, init, matmul, randn, sum } from 'kindling';
import type { News } from '../../shared/protocol.js';

/** Products under way at once. */
const AHEAD = 4;
const TELL_MS = 250;

export async function keepBusy(seconds: number, tell: (news: News) => void, goesOn: () => boolean): Promise<void> {
  await init();
  const size = adapter().isSoftware ? 512 : 2048;
  const [a, b] = [randn([size, size]), randn([size, size])];
  const underway: Promise<unknown>[] = [];
  const begun = performance.now();
  let [products, told] = [0, begun];
  const say = (done: boolean): void => {
    const flops = (products * 2 * size ** 3) / ((performance.now() - begun) / 1000);
    tell({ type: 'complaint', of: { what: 'busy', products, flops, done } });
  };
  const one = async (): Promise<void> => {
    const product = matmul(a, b);
    const corner = sum(product);
    await corner.item();
    for (const tensor of [product, corner]) tensor.dispose();
    products++;
  };
  while (performance.now() - begun < 1000 * seconds && goesOn()) {
    underway.push(one());
    if (underway.length >= AHEAD) await underway.shift();
    if (performance.now() - told < TELL_MS) continue;
    told = performance.now();
    say(false);
  }
  await Promise.all(underway);
  for (const tensor of [a, b]) tensor.dispose();
  say(true);
}
