/**
 * Runs the GPU suite in Chromium: `npm run test:browser -- [part of a file name …] [--without=part of a file name …]`. Fails without
 * an adapter or tests.
 */
import { runPage } from './page.js';
import { runSuite, suiteFiles } from './suite.js';

const given = process.argv.slice(2);
const without = given.flatMap((one) => (one.startsWith('--without=') ? [one.slice(10)] : []));
const files = suiteFiles(given.filter((one) => !one.startsWith('--without=')));
const chosen = files.filter((file) => !without.some((part) => file.includes(part)));
const { passed, failed } = await runSuite('browser', chosen, runPage);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
