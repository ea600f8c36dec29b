/** The study's network, trained: the smallest program in jax-js, with Adam as its optimizer package writes it. */
import { defaultDevice, init, jit, lax, nn, numpy as np, random, valueAndGrad } from '@jax-js/jax';

await init('webgpu');
defaultDevice('webgpu');
const shapes = [
  [32, 3, 3, 3],
  [32, 1, 1],
  [64, 32, 3, 3],
  [64, 1, 1],
  [64, 64, 3, 3],
  [64, 1, 1],
  [1024, 64],
  [64],
  [64, 10],
  [10],
];
let parameters = shapes.map((shape, i) => random.uniform(random.key(i), shape, { minval: -0.1, maxval: 0.1 }));
let first = shapes.map((shape) => np.zeros(shape));
let second = shapes.map((shape) => np.zeros(shape));
let count = np.zeros([]);
type Arrays = np.Array[];

const conv = (x: np.Array, w: np.Array, b: np.Array) => nn.relu(lax.conv(x, w, [1, 1], 'VALID').add(b));
const pool = (x: np.Array) => lax.reduceWindow(x, np.max, [2, 2], [2, 2]);

function lossOf([w1, b1, w2, b2, w3, b3, w4, b4, w5, b5]: Arrays, x: np.Array, y: np.Array): np.Array {
  const maps = conv(
    pool(conv(pool(conv(x, w1 as np.Array, b1 as np.Array)), w2 as np.Array, b2 as np.Array)),
    w3 as np.Array,
    b3 as np.Array,
  );
  const h = nn.relu(np.matmul(maps.reshape([64, 1024]), w4 as np.Array).add(b4 as np.Array));
  const logs = nn.logSoftmax(np.matmul(h, w5 as np.Array).add(b5 as np.Array), -1);
  return logs
    .mul(nn.oneHot(y, 10))
    .sum()
    .mul(-1 / 64);
}

const train = jit((ps: Arrays, ms: Arrays, vs: Arrays, t: np.Array, x: np.Array, y: np.Array) => {
  const [loss, grads] = valueAndGrad(lossOf)(
    ps.map((p) => p.ref),
    x,
    y,
  ) as [np.Array, Arrays];
  const next = t.add(1);
  const [c1, c2] = [0.9, 0.999].map((beta) =>
    np
      .exp(next.ref.mul(Math.log(beta)))
      .mul(-1)
      .add(1),
  ) as [np.Array, np.Array];
  const m = ms.map((one, i) => one.mul(0.9).add((grads[i] as np.Array).ref.mul(0.1)));
  const v = vs.map((one, i) => one.mul(0.999).add(np.square(grads[i] as np.Array).mul(0.001)));
  const p = ps.map((one, i) => {
    const step = (m[i] as np.Array).ref.div(c1.ref).div(np.sqrt((v[i] as np.Array).ref.div(c2.ref)).add(1e-8));
    return one.sub(step.mul(1e-3));
  });
  c1.dispose();
  c2.dispose();
  return [loss, p, m, v, next] as [np.Array, Arrays, Arrays, Arrays, np.Array];
});
const x = random.uniform(random.key(10), [64, 3, 32, 32]);
const y = np.array(Int32Array.from({ length: 64 }, (_, i) => i % 10));
for (let i = 0; i < 100; i++) {
  let loss: np.Array;
  [loss, parameters, first, second, count] = train(parameters, first, second, count, x.ref, y.ref);
  console.log(await loss.data());
}
