/** The page's side of `npm run conformance -- DIR --host browser`. */
import { casesPage } from '../support/casesPage.js';
import { runConformance } from './run.js';

export const main = casesPage(runConformance);
