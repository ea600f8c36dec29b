/** `npm run features`: writes the tables of elementwise functions into FEATURES.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { FEATURES, withTables } from './features/tables.js';

writeFileSync(FEATURES, withTables(readFileSync(FEATURES, 'utf8')));
