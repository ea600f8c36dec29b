/** All kernels by the ids of `shared/cases.ts`. */
import type { Prepare } from '../case.js';
import { ATTENTION } from './attention.js';
import { CONVOLUTIONS } from './convolutions.js';
import { EMBEDDING } from './embedding.js';
import { MAPS } from './maps.js';
import { NORMALIZING } from './normalizing.js';
import { OPTIMIZERS } from './optimizers.js';
import { ORDERING } from './ordering.js';
import { POOLING } from './pooling.js';
import { PRODUCTS } from './products.js';
import { RECURRENT } from './recurrent.js';
import { REDUCTIONS } from './reductions.js';
import { ROWS } from './rows.js';

export const PREPARE: Readonly<Record<string, Prepare>> = {
  ...PRODUCTS,
  ...CONVOLUTIONS,
  ...POOLING,
  ...REDUCTIONS,
  ...ROWS,
  ...NORMALIZING,
  ...MAPS,
  ...ATTENTION,
  ...EMBEDDING,
  ...OPTIMIZERS,
  ...ORDERING,
  ...RECURRENT,
};
