/** The layers of docs and design: imports run downward only, and in no circle. */
const path = (names) => `^src/(${names.join('|')})(/|\\.)`;
const outer = [
  'methods',
  'nn',
  'linalg',
  'optim',
  'data',
  'metrics',
  'io',
  'log',
  'onnx',
  'profile',
  'tune',
  'recover',
  'fewChannels',
  'fewRows',
  'winograd',
  'amp',
];
/** The core, from the ground up. */
const core = ['kernels', 'gpu', 'memory', 'stream', 'tensor', 'choose', 'ops', 'autograd'];
/** What each layer may not know. `src/gpu/errors.ts` and `options.ts`, which know nothing of the GPU, are open to all. */
const upward = {
  ...Object.fromEntries(core.map((layer, floor) => [layer, [...outer, ...core.slice(floor + 1)]])),
  metrics: ['nn', 'optim', 'data', 'log', 'ops', 'autograd', 'gpu', 'memory', 'stream'],
  io: ['nn', 'optim', 'data', 'log', 'ops', 'autograd', 'gpu', 'memory', 'stream'],
  nn: ['log'],
  optim: ['log'],
  data: ['log'],
};

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-circle', severity: 'error', from: {}, to: { circular: true } },
    ...Object.entries(upward).map(([layer, above]) => ({
      name: `${layer}-knows-only-what-lies-below`,
      severity: 'error',
      from: { path: `^src/${layer}/`, pathNot: '\\.test\\.ts$' },
      to: { path: [...path(above).split('\n'), '^src/index\\.ts$'], pathNot: '^src/gpu/(errors|options)\\.ts$' },
    })),
    {
      name: 'the-loop-stands-above-all',
      comment: 'What it tells, `src/log/train.ts` logs.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(train/|log/train\\.ts$)' },
      to: { path: '^src/train/' },
    },
    {
      name: 'gpu-knows-types-of-kernels-alone',
      severity: 'error',
      from: { path: '^src/(gpu|memory|stream)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/kernels/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'upper-layers-leave-the-device-alone',
      comment:
        'Modules work on tensors; nothing in them is recorded or launched but through a function of the layers below.',
      severity: 'error',
      from: { path: '^src/nn/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/(gpu|memory|stream)/', pathNot: '^src/gpu/(errors|options)\\.ts$' },
    },
    {
      name: 'public-entry-points-alone',
      severity: 'error',
      // bench/products measures kernels one by one, and bench/kernels/attention the way that was not chosen, which no user can.
      from: { path: '^(examples|bench)/', pathNot: '^bench/(products/|kernels/attention)' },
      to: {
        path: '^src/',
        pathNot: [
          '^src/index\\.ts$',
          '^src/(methods|nn|linalg|optim|data|metrics|io|train|log|onnx|profile|tune|recover|fewChannels|fewRows|winograd|amp)/index\\.ts$',
          '^src/nn/functional\\.ts$',
        ],
      },
    },
    {
      name: 'live-worker-alone-has-the-gpu',
      comment: 'Page and worker of the live study meet in what they say to each other.',
      severity: 'error',
      from: { path: '^examples/live/(kernels/)?(page|shared)/' },
      to: { path: '^(src|examples/live/(kernels/)?worker)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'live-worker-draws-nothing',
      severity: 'error',
      from: { path: '^examples/live/(kernels/)?(worker|shared)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(examples/live/(kernels/)?page/|node_modules/)' },
    },
    {
      name: 'library-has-no-dependencies',
      comment: '`webgpu` and `jpeg-js` are optional peers for Node.',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.test\\.ts$' },
      to: {
        dependencyTypes: ['npm', 'npm-dev', 'npm-no-pkg', 'npm-unknown'],
        pathNot: 'node_modules/(@types/)?(webgpu|jpeg-js)/',
      },
    },
    { name: 'nothing-missing', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
