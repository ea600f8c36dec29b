/**
 * Gradients of gradients. Numbers are from PyTorch, in doubles:
 *
 * ```python
 * import torch, torch.nn.functional as F
 * torch.set_default_dtype(torch.float64)
 * x0 = torch.tensor([-3.5, -2.2, -1.1, -0.4, 0.3, 0.9, 1.7, 3.4, 6.5])
 * p0 = torch.tensor([0.2, 0.7, 1.3, 2.5])
 * def second(f, x):  # of a line of LINES at x0, or of POSITIVE at p0
 *   (g,) = torch.autograd.grad(f(x).sum(), x, create_graph=True)
 *   return torch.autograd.grad(g.sum(), x)[0]
 * a = torch.tensor([0.5, 1.5, 2.5], requires_grad=True)
 * b = torch.tensor([[-1.2], [0.7], [2.0]], requires_grad=True)
 * def pair(f):
 *   y = f(a, b)
 *   ga, gb = torch.autograd.grad((y * y).sum(), (a, b), create_graph=True)
 *   return torch.autograd.grad((ga ** 3).sum() + (gb * gb).sum(), (a, b))
 * x = torch.tensor([[0.3, -0.8, 1.1], [0.6, 0.2, -0.5]], requires_grad=True)
 * w = torch.tensor([[0.5, -1.0], [0.25, 0.75], [-0.6, 0.4]], requires_grad=True)
 * c = torch.tensor([0.1, -0.2], requires_grad=True)
 * def twice(f, *inputs):
 *   gs = torch.autograd.grad((f(*inputs) ** 3).sum(), inputs, create_graph=True)
 *   return torch.autograd.grad(sum((g * g).sum() for g in gs), inputs)
 * ```
 */
import * as k from 'kindling';
import * as F from 'kindling/nn/functional';
import { describe, expect, test } from 'vitest';
import { close, plain } from '../support/agree.js';
import { binaryRecords, unaryRecords } from '../support/records.js';

const leaf = (data: k.Nested): k.Tensor => k.tensor(data, { requiresGrad: true });
const bounds = { rtol: 3e-5, atol: 3e-6 };
const near = (what: string, got: k.Tensor, want: readonly number[]) => close(what, got, plain(got.shape, want), bounds);

const ALL = [-3.5, -2.2, -1.1, -0.4, 0.3, 0.9, 1.7, 3.4, 6.5];
const POSITIVE = [0.2, 0.7, 1.3, 2.5];
const INSIDE = [-0.9, -0.4, 0.2, 0.7];
const ABOVE = [1.2, 1.7, 2.6, 5];

type Unary = (x: k.Tensor) => k.Tensor;
const SMOOTH: Readonly<Record<string, readonly [Unary, readonly number[], (readonly number[])?]>> = {
  exp: [k.exp, [0.0301974, 0.110803, 0.332871, 0.67032, 1.34986, 2.4596, 5.47395, 29.9641, 665.142]],
  sin: [k.sin, [-0.350783, 0.808496, 0.891207, 0.389418, -0.29552, -0.783327, -0.991665, 0.255541, -0.21512]],
  cos: [k.cos, [0.936457, 0.588501, -0.453596, -0.921061, -0.955336, -0.62161, 0.128844, 0.966798, -0.976588]],
  tanh: [k.tanh, [0.0072685, 0.0935257, 0.575081, 0.650198, -0.533182, -0.697556, -0.233871, -0.0088706, -1.80825e-5]],
  sigmoid: [
    k.sigmoid,
    [0.026785, 0.0718851, 0.0937824, 0.0474215, -0.0363962, -0.0867004, -0.0902576, -0.0292338, -0.00149443],
  ],
  erf: [k.erf, [3.7796e-5, 0.0392575, 0.740255, 0.769233, -0.618757, -0.903543, -0.213218, -7.32015e-5, 0]],
  square: [k.square, ALL.map(() => 2)],
  reciprocal: [
    k.reciprocal,
    [-0.0466472, -0.187829, -1.50263, -31.25, 74.0741, 2.74348, 0.407083, 0.0508854, 0.00728266],
  ],
  elu: [(x) => k.elu(x, { alpha: 0.7 }), [0.0211382, 0.0775622, 0.23301, 0.469224, 0, 0, 0, 0, 0]],
  silu: [k.silu, [-0.0368414, 0.0214535, 0.271579, 0.461553, 0.477998, 0.33297, 0.107773, -0.0368901, -0.00671593]],
  softplus: [k.softplus, [0.028453, 0.0898003, 0.18737, 0.240261, 0.244458, 0.2055, 0.130606, 0.0312525, 0.00149893]],
  gelu: [k.gelu, [-0.008945, -0.100748, 0.172103, 0.677617, 0.728451, 0.316641, -0.0837037, -0.01178, -1.0745e-8]],
  geluTanh: [
    (x) => k.gelu(x, { approximate: 'tanh' }),
    [-0.00854946, -0.101708, 0.172722, 0.677148, 0.728148, 0.316438, -0.082134, -0.0115094, 0],
  ],
  // x (x + 3) / 6 between −3 and 3.
  hardswish: [k.hardswish, ALL.map((x) => (Math.abs(x) < 3 ? 1 / 3 : 0))],
  powScalar: [(x) => k.pow(x, 3), [-21, -13.2, -6.6, -2.4, 1.8, 5.4, 10.2, 20.4, 39]],
  'powScalar 1.5': [(x) => k.pow(x, 1.5), [1.67705, 0.896421, 0.657794, 0.474342], POSITIVE],
  sinh: [k.sinh, [-16.5426, -4.45711, -1.33565, -0.410752, 0.30452, 1.02652, 2.64563, 14.9654, 332.57]],
  cosh: [k.cosh, [16.5728, 4.56791, 1.66852, 1.08107, 1.04534, 1.43309, 2.82832, 14.9987, 332.572]],
  asinh: [k.asinh, [0.0725678, 0.155885, 0.334815, 0.320164, -0.263622, -0.369594, -0.221577, -0.0763826, -0.0228525]],
  atan: [k.atan, [0.0398718, 0.129011, 0.450441, 0.59453, -0.505008, -0.549434, -0.224688, -0.0431052, -0.00694978]],
  tan: [k.tan, [-0.854291, 7.93353, -19.0986, -0.996738, 0.677873, 6.52258, -927.251, 0.565566, 0.461931]],
  sinc: [k.sinc, [0.88275, -1.13852, 2.30674, -1.87196, -2.45849, 1.53947, 0.983457, 0.916833, -0.481004]],
  expm1: [k.expm1, [0.0301974, 0.110803, 0.332871, 0.67032, 1.34986, 2.4596, 5.47395, 29.9641, 665.142]],
  exp2: [k.exp2, [0.0424664, 0.104565, 0.224139, 0.364115, 0.591507, 0.896557, 1.561, 5.07169, 43.4856]],
  selu: [F.selu, [0.05309, 0.194803, 0.58522, 1.17849, 0.0, 0.0, 0.0, 0.0, 0.0]],
  celu: [(x) => F.celu(x, { alpha: 0.7 }), [0.00962564, 0.0616562, 0.296783, 0.80674, 0.0, 0.0, 0.0, 0.0, 0.0]],
  mish: [F.mish, [-0.0407462, 0.0064525, 0.305799, 0.596202, 0.563395, 0.23835, -0.0368145, -0.017956, -9.87428e-5]],
  logsigmoid: [
    F.logsigmoid,
    [-0.028453, -0.0898003, -0.18737, -0.240261, -0.244458, -0.2055, -0.130606, -0.0312525, -0.00149893],
  ],
  softsign: [
    F.softsign,
    [0.0219479, 0.0610352, 0.215959, 0.728863, -0.910332, -0.291588, -0.101611, -0.0234786, -0.00474074],
  ],
  tanhshrink: [
    F.tanhshrink,
    [-0.0072685, -0.0935257, -0.575081, -0.650198, 0.533182, 0.697556, 0.233871, 0.0088706, 1.80825e-5],
  ],
  log2: [k.log2, [-36.0674, -2.94428, -0.853666, -0.230831], POSITIVE],
  log10: [k.log10, [-10.8574, -0.886315, -0.256979, -0.0694871], POSITIVE],
  asin: [k.asin, [-10.8671, -0.519566, 0.212629, 1.92195], INSIDE],
  acos: [k.acos, [10.8671, 0.519566, -0.212629, -1.92195], INSIDE],
  atanh: [k.atanh, [-49.8615, -1.13379, 0.434028, 5.38255], INSIDE],
  acosh: [k.acosh, [-4.11152, -0.654269, -0.188079, -0.0425259], ABOVE],
  log: [k.log, [-25, -2.04082, -0.591716, -0.16], POSITIVE],
  log1p: [k.log1p, [-0.694444, -0.346021, -0.189036, -0.0816327], POSITIVE],
  sqrt: [k.sqrt, [-2.79508, -0.426867, -0.168665, -0.0632456], POSITIVE],
  rsqrt: [k.rsqrt, [41.9263, 1.82943, 0.389227, 0.0758947], POSITIVE],
};

/** Linear in pieces: name, function and slope. */
const STEPWISE: Readonly<Record<string, readonly [Unary, (x: number) => number]>> = {
  neg: [k.neg, () => -1],
  abs: [k.abs, Math.sign],
  floor: [k.floor, () => 0],
  trunc: [k.trunc, () => 0],
  frac: [k.frac, () => 1],
  softshrink: [F.softshrink, (x) => Number(Math.abs(x) > 0.5)],
  hardshrink: [(x) => F.hardshrink(x, { lambd: 1 }), (x) => Number(Math.abs(x) > 1)],
  hardtanh: [F.hardtanh, (x) => Number(Math.abs(x) < 1)],
  ceil: [k.ceil, () => 0],
  round: [k.round, () => 0],
  sign: [k.sign, () => 0],
  relu: [k.relu, (x) => Number(x > 0)],
  relu6: [k.relu6, (x) => Number(x > 0 && x < 6)],
  leakyRelu: [(x) => k.leakyRelu(x, { negativeSlope: 0.1 }), (x) => (x > 0 ? 1 : 0.1)],
  hardsigmoid: [k.hardsigmoid, (x) => (Math.abs(x) < 3 ? 1 / 6 : 0)],
  clampMin: [(x) => k.clamp(x, { min: -1 }), (x) => Number(x >= -1)],
  clampMax: [(x) => k.clamp(x, { max: 1 }), (x) => Number(x <= 1)],
};

describe('elementwise', () => {
  test('every line has a case', () => {
    const names = unaryRecords.flatMap(({ name, makes }) => (makes ? [] : [name]));
    expect(names.filter((name) => !(name in SMOOTH) && !(name in STEPWISE))).toEqual([]);
    const pairs = binaryRecords.filter(({ grad }) => grad);
    const cased = 'add atan2 bce div fmod maximum minimum mul pow prelu remainder sub weightedSoftplus'.split(' ');
    expect(pairs.map(({ name }) => name).sort()).toEqual(cased);
  });

  for (const [name, [f, want, at = ALL]] of Object.entries(SMOOTH)) {
    test(name, async () => {
      const [x, u] = [leaf([...at]), leaf(at.map((_, i) => 0.5 + i / 8))];
      const [g] = k.grad(f(x), [x], { gradOutputs: u, createGraph: true });
      const v = k.tensor(at.map((_, i) => 1 - i / 5));
      const [byX, byU] = k.grad(g.mul(v).sum(), [x, u]);
      await near(
        'by x',
        byX,
        want.map((slope, i) => slope * (0.5 + i / 8) * (1 - i / 5)),
      );
      const [first] = k.grad(f(x), [x], { gradOutputs: v });
      await near('by the gradient', byU, [...(await first.data())]);
      expect([x.grad, u.grad]).toEqual([null, null]);
    });
  }

  for (const [name, [f, slope]] of Object.entries(STEPWISE)) {
    test(name, async () => {
      const [x, u] = [leaf([...ALL]), leaf(ALL.map((_, i) => 0.5 + i / 8))];
      const [g] = k.grad(f(x.mul(1)), [x], { gradOutputs: u, createGraph: true });
      const [byX, byU] = k.grad(k.square(g).sum(), [x, u], { allowUnused: true, createGraph: true });
      // PyTorch's zeros, of functions that bend, and nothing of those that do not.
      if (/abs|elu|hardsigmoid|hardtanh|shrink/i.test(name))
        await near(
          'by x',
          byX ?? u,
          ALL.map(() => 0),
        );
      else expect(byX).toBeNull();
      await near(
        'by the gradient',
        byU ?? x,
        ALL.map((at, i) => 2 * slope(at) ** 2 * (0.5 + i / 8)),
      );
      const [third] = k.grad((byU ?? x).sum(), [u]);
      await near(
        'again',
        third,
        ALL.map((at) => 2 * slope(at) ** 2),
      );
    });
  }

  const at = (): [k.Tensor, k.Tensor] => [leaf([0.5, 1.5, 2.5]), leaf([[-1.2], [0.7], [2]])];
  const pair = async (f: (a: k.Tensor, b: k.Tensor) => k.Tensor, wantA: number[], wantB: number[]) => {
    const [a, b] = at();
    const [ga, gb] = k.grad(k.square(f(a, b)).sum(), [a, b], { createGraph: true });
    const [byA, byB] = k.grad(k.pow(ga, 3).sum().add(k.square(gb).sum()), [a, b]);
    await near('by a', byA, wantA);
    await near('by b', byB, wantB);
  };
  test('sub', () => pair(k.sub, [72, 720, 2664], [-1274.4, -1137.6, -1044]));
  test('add of −b, as sub', () => pair((a, b) => k.add(a, k.neg(b)), [72, 720, 2664], [-1274.4, -1137.6, -1044]));
  test('mul', () => pair(k.mul, [1666.27, 12505.8, 33354.7], [-39472.7, 23025.7, 65787.8]));
  test('div', () => pair(k.div, [779.151, 3295.2, 7088.23], [5247.2, -46163.5, -1036.98]));
  test('atan2', () => pair(k.atan2, [102.338, -5.6625, -5.53696], [-4.22534, -59.514, -5.21259]));
  test('fmod', () => pair(k.fmod, [162.0, 286.32, 117.6], [154.64, -390.88, -28.0]));
  test('remainder', () => pair(k.remainder, [-39.92, -35.12, -98.72], [-621.04, -172.0, -4.96]));
  test('pow', () => pair(k.pow, [297794, 21008, 961511], [93883.9, 84613.3, 1.84547e6]));

  test.each([1, 3])('cross-entropy of logits, whose positive targets weigh %d', async (p) => {
    const [logits, targets] = [
      [-1.5, 0.3, 2],
      [0.25, 1, 0.6],
    ];
    const [x, t] = [leaf(logits), leaf(targets)];
    const weight = p === 1 ? {} : { posWeight: k.tensor([p]) };
    const losses = F.binaryCrossEntropyWithLogits(x, t, { reduction: 'sum', ...weight });
    const [gx, gt] = k.grad(losses, [x, t], { createGraph: true });
    const [byX, byT] = k.grad(gx.add(gt).sum(), [x, t]);
    const slopes = logits.map((z) => 1 / (1 + Math.exp(-z)));
    const byBoth = slopes.map((y) => -y - p * (1 - y));
    await near('by t', byT, byBoth);
    await near(
      'by x',
      byX,
      slopes.map((y, i) => (1 + (p - 1) * (targets[i] ?? 0)) * y * (1 - y) + (byBoth[i] ?? 0)),
    );
  });

  test('prelu', async () => {
    // Of y = w x where x is below 0: by x and w of Σ (v · dy/dx + dy/dw) they are 1 and v there.
    const [x, w] = [
      leaf([
        [-2, 3],
        [0.5, -1],
      ]),
      leaf([0.25, 0.5]),
    ];
    const [gx, gw] = k.grad(F.prelu(x, w).sum(), [x, w], { createGraph: true });
    const [byX, byW] = k.grad(
      gx
        .mul(
          k.tensor([
            [1, 2],
            [3, 4],
          ]),
        )
        .sum()
        .add(gw.sum()),
      [x, w],
    );
    await near('by x', byX, [1, 0, 0, 1]);
    await near('by w', byW, [1, 4]);
  });

  test('pow where the base is 0', async () => {
    const [x, p] = [leaf([0, 0]), leaf([2, 3])];
    const [gx, gp] = k.grad(k.pow(x, p).sum(), [x, p], { createGraph: true });
    const [byX, byP] = k.grad(gx.add(gp).sum(), [x, p]);
    await near('by x', byX, [2, 0]);
    await near('by p', byP, [0, 0]);
  });

  test('maximum and minimum share ties', async () => {
    const [a, b, u] = [leaf([1, 2, 3]), leaf([3, 2, 1]), leaf([1, 2, 3])];
    for (const [f, share] of [
      [k.maximum, [0, 0.5, 1]],
      [k.minimum, [1, 0.5, 0]],
    ] as const) {
      const [ga, gb] = k.grad(f(a, b), [a, b], { gradOutputs: u, createGraph: true });
      const [byU] = k.grad(k.square(ga).add(gb).sum(), [u]);
      await near(
        'by the gradient',
        byU,
        share.map((s, i) => 2 * s * s * (i + 1) + 1 - s),
      );
    }
  });
});

/** d/dinputs of Σ g², the g being the gradients of Σ f³. */
function twice(f: (...inputs: k.Tensor[]) => k.Tensor, inputs: k.Tensor[]): k.Tensor[] {
  const gs = k.grad(k.pow(f(...inputs), 3).sum(), inputs, { createGraph: true });
  return k.grad(
    gs.map((g) => k.square(g).sum()).reduce((a, b) => a.add(b)),
    inputs,
  );
}

const X = [
  [0.3, -0.8, 1.1],
  [0.6, 0.2, -0.5],
];
const W = [
  [0.5, -1],
  [0.25, 0.75],
  [-0.6, 0.4],
];
const matrix = (): k.Tensor => leaf(X);

describe('products', () => {
  const BY_X = [-3.08181, -12.8379, 16.3612, 21.5381, -14.2558, -4.19004];
  const BY_W = [-7.90801, -12.028, 26.0287, 4.83441, -30.7442, 1.24765];

  test('matmul', async () => {
    const [x, w] = twice(k.matmul, [matrix(), leaf(W)]);
    await near('by x', x ?? k.zeros([0]), BY_X);
    await near('by w', w ?? k.zeros([0]), BY_W);
  });

  test('matmul of batches, and of a batch that broadcasts', async () => {
    const xs = k.tensor([X, X.map((row) => row.map((v) => 2 * v))], { requiresGrad: true });
    const ws = k.tensor([W, W.map((row) => row.map((v) => -v))], { requiresGrad: true });
    const [byX, byW] = twice(k.matmul, [xs, ws]);
    const later = [-64.6623, -351.128, 455.477, 397.371, -255.093, -5.9524];
    await near('by x', byX ?? xs, [...BY_X, ...later]);
    await near('by w', byW ?? xs, [...BY_W, 399.037, 346.437, -1158.21, -159.498, 1513.71, 51.9292]);
    const one = leaf([X]);
    const [spread, expanded] = [
      twice(k.matmul, [one, ws]),
      twice((a, b) => k.matmul(k.expand(a, [2, 2, 3]), b), [one, ws]),
    ];
    await near('by ws', spread[1] ?? xs, [...(await (expanded[1] ?? xs).data())]);
  });

  test('linear', async () => {
    const w = leaf([
      [0.5, 0.25, -0.6],
      [-1, 0.75, 0.4],
    ]);
    const [x, dw, db] = twice((a, b, c) => F.linear(a, b, c), [matrix(), w, leaf([0.1, -0.2])]);
    await near('by x', x ?? w, [43.8519, -48.9294, -0.770013, 97.8089, -50.7103, -43.2265]);
    await near('by weight', dw ?? w, [2.37928, 39.5965, -48.4713, -65.9166, 39.0556, -21.941]);
    await near('by bias', db ?? w, [-0.822439, -122.756]);
  });
});

describe('reductions', () => {
  const LINES: readonly (readonly [string, Unary, readonly number[]])[] = [
    ['sum', (x) => x.sum({ dim: 1 }), [23.328, 23.328, 23.328, 2.916, 2.916, 2.916]],
    ['mean', (x) => x.mean({ dim: 0 }), [0.820125, -0.243, 0.243, 0.820125, -0.243, 0.243]],
    ['prod', (x) => k.prod(x, { dim: 1 }), [0.596981, -0.296603, 0.219789, 0.000129548, 0.000295332, -0.000153405]],
    ['amax', (x) => k.amax(x, { dim: 1 }), [0, 0, 47.916, 7.776, 0, 0]],
    ['amin', (x) => k.amin(x, { dim: 0 }), [0.972, -18.432, 0, 0, 0, -4.5]],
    ['logsumexp', (x) => k.logsumexp(x, { dim: 1 }), [12.654, 2.29753, 51.6781, 17.9532, 9.24866, 3.17681]],
    ['softmax', (x) => k.softmax(x, 1), [-0.129029, -0.0248016, 0.153831, 0.0905981, -0.0759724, -0.0146258]],
    ['logSoftmax', (x) => k.logSoftmax(x, 0), [-10.5757, -80.3216, 278.655, 10.5757, 80.3216, -278.655]],
    ['variance', (x) => k.variance(x, { dim: 1 }), [6.17175, -61.7175, 55.5457, 0.415584, 0.0831169, -0.498701]],
    ['std', (x) => k.std(x, { dim: 1 }), [0.819, -8.19, 7.371, 1.395, 0.279, -1.674]],
    ['cumsum', (x) => k.cumsum(x, 1), [20.052, 12.492, 36.072, 96.588, 73.044, 20.628]],
  ];
  test.each(LINES)('%s', async (_, f, want) => {
    const [byX] = twice((x = matrix()) => f(x), [matrix()]);
    await near('by x', byX ?? matrix(), want);
  });
});

/** Every function that moves elements. */
const SHAPES: Readonly<Record<string, Unary>> = {
  reshape: (x) => x.reshape(3, 2),
  flatten: (x) => x.flatten(),
  squeeze: (x) => k.squeeze(k.unsqueeze(x, 1), 1),
  expand: (x) => x.expand(4, 2, 3),
  permute: (x) => x.permute(1, 0),
  transpose: (x) => x.transpose(0, 1),
  T: (x) => x.T,
  slice: (x) => k.slice(x, 1, 0, 3, 2),
  narrow: (x) => k.narrow(x, 1, 1, 2),
  select: (x) => k.select(x, 0, 1),
  flip: (x) => k.flip(x, [0, 1]),
  cat: (x) => k.cat([x, x.mul(2), k.ones([2, 1])], 1),
  stack: (x) => k.stack([x, x.neg()]),
  pad: (x) => k.pad(x, [1, 2, 0, 1], { value: 0.5 }),
  'pad by mirroring': (x) => k.pad(x, [2, 1], { mode: 'reflect' }),
  'pad in a circle': (x) => k.pad(x, [2, 1, 1, 0], { mode: 'circular' }),
  'pad by repeating': (x) => k.pad(x, [2, 1], { mode: 'replicate' }),
  roll: (x) => k.roll(x, [1, 2], [0, 1]),
  rot90: (x) => k.rot90(x, 3),
  repeat: (x) => k.repeat(x, 2, 1, 2),
  repeatInterleave: (x) => k.repeatInterleave(x, [2, 0, 1], { dim: 1 }),
  diagonal: (x) => k.diagonal(x, { offset: 1 }),
  diag: (x) => k.diag(k.flatten(x), -1),
  unfold: (x) => k.unfold(x, 1, 2, 1),
  'unfold of images': (x) => F.unfold(k.unsqueeze(x, 0), 2, { padding: 1 }),
  fold: (x) => F.fold(x.reshape(2, 3), [4, 1], [2, 1]),
  meshgrid: (x) => k.stack(k.meshgrid([k.flatten(x), k.select(x, 0, 1)], { indexing: 'xy' })),
  where: (x) => k.where(k.tensor([true, false, true]), x, x.mul(-3)),
  'where of numbers': (x) => k.where(k.gt(x, 0), x, 7),
  tril: (x) => k.tril(x),
  triu: (x) => k.triu(x, 1),
  indexSelect: (x) => k.indexSelect(x, 1, k.tensor([2, 0, 2], { dtype: 'i32' })),
  gather: (x) =>
    k.gather(
      x,
      1,
      k.tensor(
        [
          [2, 2],
          [0, 1],
        ],
        { dtype: 'i32' },
      ),
    ),
  cumsum: (x) => k.cumsum(x, 0),
};

describe('shapes', () => {
  test.each(Object.entries(SHAPES))('%s has first and second gradients', async (_, f) => {
    await k.gradcheck((x) => f(x).mul(1.5), [matrix()]);
    // Of Σ y³ for a linear y = S x: g = Sᵀ 3y², and of Σ g²: Sᵀ (6y · S 2g). Here S is f less its constant part.
    const x = matrix();
    const [twofold] = twice((t = x) => f(t), [x]);
    const linear = (t: k.Tensor): k.Tensor => k.noGrad(() => f(t).sub(f(k.zerosLike(t))));
    const y = k.noGrad(() => f(x));
    const [g] = k.grad(f(x), [x], { gradOutputs: k.square(y).mul(3) });
    const isWhere = f === SHAPES['where of numbers'];
    const moved = isWhere ? k.where(k.gt(x.detach(), 0), g.mul(2), 0) : linear(g.mul(2));
    const [want] = k.grad(f(x), [x], { gradOutputs: y.mul(6).mul(moved) });
    await near('twice', twofold ?? x, [...(await want.data())]);
  });
});

describe('together', () => {
  test('a gradient penalty', async () => {
    // f = Σ tanh(x w), penalty (‖df/dx‖ − 1)²; its gradient by w by central differences in doubles.
    const x = [0.4, -0.9];
    const w = [0.7, 0.3];
    const penalty = ([a = 0, b = 0]: number[]): number => {
      const t = Math.tanh((x[0] ?? 0) * a + (x[1] ?? 0) * b);
      return ((1 - t * t) * Math.hypot(a, b) - 1) ** 2;
    };
    const want = w.map((_, i) => {
      const moved = (by: number): number => penalty(w.map((value, j) => (i === j ? value + by : value)));
      return (moved(1e-6) - moved(-1e-6)) / 2e-6;
    });
    const [tx, tw] = [leaf([x]), leaf(w.map((value) => [value]))];
    const [slope] = k.grad(k.tanh(tx.matmul(tw)).sum(), [tx], { createGraph: true });
    const loss = k.square(k.sqrt(k.square(slope).sum()).sub(1));
    await near('penalty', loss, [penalty(w)]);
    loss.backward();
    await near('by w', tw.grad ?? tw, want);
  });

  test('a Hessian-vector product, inside a step and in a captured one', async () => {
    // f = Σ x⁴ / 12 + x₀ x₁: H = diag(x²) + the swap of the first two.
    const product = (x: k.Tensor, v: k.Tensor): k.Tensor => {
      const f = k
        .pow(x, 4)
        .sum()
        .div(12)
        .add(k.select(x, 0, 0).mul(k.select(x, 0, 1)));
      const [g] = k.grad(f, [x], { createGraph: true });
      return k.grad(g.mul(v).sum(), [x])[0];
    };
    const x = leaf([1, 2, 3]);
    const want = [1 + 5, 4 * 5 + 1, 9 * 7];
    const v = k.tensor([1, 5, 7]);
    await near('outside', product(x, v), want);
    await near(
      'step',
      k.step(() => product(x, v)),
      want,
    );
    const captured = k.capture((u: k.Tensor) => product(x, u));
    for (let call = 0; call < 3; call++) await near('captured', captured(v), want);
    expect(captured.stats().replays).toBe(1);
  });

  test('third derivatives', async () => {
    const x = leaf([0.3, -0.7]);
    let y = k.sin(x).mul(k.exp(x)).sum();
    // (eˣ sin x)‴ = 2 eˣ (cos x − sin x)
    for (let order = 0; order < 3; order++) y = k.grad(y, [x], { createGraph: true })[0].sum();
    await near('sum', y, [[0.3, -0.7].reduce((sum, t) => sum + 2 * Math.exp(t) * (Math.cos(t) - Math.sin(t)), 0)]);
  });

  test('backward with createGraph leaves gradients that can be differentiated', async () => {
    const x = leaf([1, 2]);
    k.backward(k.pow(x, 3).sum(), { createGraph: true });
    const first = x.grad ?? k.zeros([2]);
    x.grad = null;
    first.sum().backward();
    await near('second', x.grad ?? first, [6, 12]);
    const w = leaf([3]);
    const y = w.mul(w);
    y.mul(4).backward();
    k.backward(y, { createGraph: true });
    await near('added up', w.grad ?? x, [6 * 4 + 6]);
  });

  test('names a function whose gradient has no gradient', () => {
    const lost = k.defineFunction({
      name: 'lost',
      forward: (context, t: k.Tensor) => {
        const twice = t.mul(2);
        context.save(twice);
        return twice.mul(t);
      },
      backward: ({ saved: [twice] }, g) => [g.mul(twice as k.Tensor).mul(2)],
    });
    const x = leaf([1, 2]);
    const loss = lost(x).sum();
    expect(() => k.grad(loss, [x], { createGraph: true })).toThrow(/^lost: its gradient is not differentiable/);
    expect(k.grad(loss, [x])[0].shape).toEqual([2]);
  });

  test('a function of the user’s own, whatever its name', async () => {
    const exp = k.defineFunction({
      name: 'sub',
      forward: (context, t: k.Tensor) => {
        const y = k.exp(t);
        context.save(y);
        return y;
      },
      backward: ({ saved }, g) => saved.map((y) => g.mul(y)),
    });
    const x = leaf([0.5, 1]);
    const [g] = k.grad(exp(x).sum(), [x], { createGraph: true });
    await near('second', k.grad(g.sum(), [x])[0], [Math.exp(0.5), Math.exp(1)]);
    const lossy = k.defineFunction({
      name: 'lossy',
      forward: (context, t: k.Tensor) => {
        context.save(k.exp(t));
        return k.exp(t);
      },
      backward: ({ saved }, g) => saved.map((y) => g.mul(y)),
    });
    expect(() => k.grad(lossy(x).sum(), [x], { createGraph: true })).toThrow(
      'lossy: its gradient is not differentiable',
    );
    expect(k.grad(lossy(x).sum(), [x])[0].shape).toEqual([2]);
  });
});
