/** The page's side of `npm run parity -- DIR --host browser`. */
import { casesPage } from '../support/casesPage.js';
import { runParity } from './run.js';

export const main = casesPage(runParity);
