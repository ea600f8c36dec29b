/** Runs the GPU suite in Chromium: `npm run test:browser -- [part of a file name …]`. Fails without an adapter or tests. */
import { runPage } from './page.js';
import { runSuite, suiteFiles } from './suite.js';

const { passed, failed } = await runSuite('browser', suiteFiles(process.argv.slice(2)), runPage);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
