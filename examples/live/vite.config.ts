/** `npm run page` serves the live study while one works on it; `npm run build:page` makes a folder of it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type Plugin } from 'vite';
import { offline } from './offline/plugin.js';

const root = import.meta.dirname;
const repository = join(root, '../..');
const source = (path: string): string => join(repository, 'src', path);

/** The library from its sources, as a browser gets it. */
const alias = [
  { find: '#host', replacement: source('gpu/hosts/browser.ts') },
  { find: '#disk', replacement: source('io/disk/browser.ts') },
  { find: '#files', replacement: source('data/files/browser.ts') },
  { find: /^kindling$/, replacement: source('index.ts') },
  { find: 'kindling/nn/functional', replacement: source('nn/functional.ts') },
  { find: /^kindling\/(\w+)$/, replacement: source('$1/index.ts') },
];

/** Where CIFAR-10 is fetched from once a reader asks for it: Hugging Face, and its hosts of files, to which it sends one on. */
const HUB = ['https://huggingface.co', 'https://*.huggingface.co', 'https://*.hf.co'];

/**
 * What the page may do: run its own scripts, ask its own server and that of CIFAR-10, nothing else; code made of text is refused. The
 * development server puts styles into the page, keeps a socket open and a worker that watches it.
 */
const policy = (serving: boolean): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self'${serving ? " 'unsafe-inline'" : ''}`,
    "img-src 'self' data:",
    `worker-src 'self'${serving ? ' blob:' : ''}`,
    `connect-src 'self' ${HUB.join(' ')}${serving ? ' ws:' : ''}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');

const contentSecurityPolicy: Plugin = {
  name: 'content-security-policy',
  transformIndexHtml: (_, { server }) => [
    {
      tag: 'meta',
      attrs: { 'http-equiv': 'Content-Security-Policy', content: policy(server !== undefined) },
      injectTo: 'head-prepend',
    },
  ],
};

/** The study's worker is `worker`, that of the kernel page `kernels`; others have the names of their files. */
const workerName = ({ name, facadeModuleId }: { name: string; facadeModuleId?: string | null }): string => {
  const own = facadeModuleId?.includes('/kernels/') ? 'kernels' : name === 'main' ? 'worker' : name;
  return `assets/${own}-[hash].js`;
};

/** What bundlers are told of functions is of no use once they have been at it. */
const comments = { annotation: false };

const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { version: string };

export default defineConfig({
  root,
  base: './',
  resolve: { alias },
  define: { KINDLING_VERSION: JSON.stringify(version) },
  plugins: [contentSecurityPolicy, offline],
  server: { fs: { allow: [repository] } },
  worker: {
    format: 'es',
    rolldownOptions: {
      output: {
        entryFileNames: workerName,
        comments,
        // One file of what a worker begins with: cut up by what its lazy parts share with it, it is larger by a tenth.
        codeSplitting: { groups: [{ name: 'begin', tags: ['$initial'] }] },
      },
    },
  },
  build: {
    outDir: join(repository, 'live'),
    emptyOutDir: true,
    target: 'es2023',
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // As the policy has it, everything is a file.
    assetsInlineLimit: 0,
    rolldownOptions: { input: [join(root, 'index.html'), join(root, 'kernels/index.html')], output: { comments } },
  },
});
