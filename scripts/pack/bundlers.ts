/** Builds one small program with each bundler that people use, as its production build does, for a page and its worker. */
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { build as esbuild } from 'esbuild';
import { rollup } from 'rollup';
import { build as vite } from 'vite';
import webpack from 'webpack';

/**
 * @param app a folder with `index.html`, which starts `page.js`, which starts `worker.js`; kindling is installed in it
 * @param out where the build goes
 */
type Bundler = (app: string, out: string) => Promise<void>;

/** Bundlers that take scripts alone; the page is copied beside them. */
const withPage =
  (bundle: Bundler): Bundler =>
  async (app, out) => {
    mkdirSync(out, { recursive: true });
    copyFileSync(join(app, 'index.html'), join(out, 'index.html'));
    await bundle(app, out);
  };

const scripts = (app: string): { page: string; worker: string } => ({
  page: join(app, 'page.js'),
  worker: join(app, 'worker.js'),
});

export const BUNDLERS: Readonly<Record<string, Bundler>> = {
  vite: async (app, out) => {
    await vite({
      root: app,
      base: './',
      configFile: false,
      logLevel: 'error',
      worker: { format: 'es' },
      build: { outDir: out, target: 'esnext' },
    });
  },
  webpack: withPage(async (app, outside) => {
    const compiler = webpack({
      mode: 'production',
      target: 'web',
      context: app,
      entry: { page: scripts(app).page },
      experiments: { outputModule: true },
      output: { path: outside, filename: '[name].js', module: true, publicPath: 'auto' },
      performance: false,
    });
    await new Promise<void>((done, failed) =>
      compiler?.run((error, stats) => {
        const fault = error ?? (stats?.hasErrors() ? new Error(stats.toString('errors-only')) : null);
        compiler.close(() => (fault ? failed(fault) : done()));
      }),
    );
  }),
  rollup: withPage(async (app, out) => {
    const built = await rollup({
      input: scripts(app),
      plugins: [nodeResolve({ browser: true })],
      onwarn: ({ message }) => {
        throw new Error(message);
      },
    });
    await built.write({ dir: out, format: 'es', entryFileNames: '[name].js' });
    await built.close();
  }),
  esbuild: withPage(async (app, out) => {
    await esbuild({
      entryPoints: Object.values(scripts(app)),
      outdir: out,
      bundle: true,
      minify: true,
      splitting: true,
      format: 'esm',
      platform: 'browser',
      target: 'es2023',
      logLevel: 'error',
    });
  }),
};
