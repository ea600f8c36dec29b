/** Makes ops ask for choices, and reads those that are stored when the adapter is known. */
import { loadChoices, tuneMode } from '#host';
import { setChooser } from '../choose/tuned.js';
import { beforeUse } from '../gpu/device.js';
import { addChoices } from './choices.js';
import { choose } from './choose.js';

setChooser(choose);

beforeUse(async (adapter) => {
  if (tuneMode() === '0') return [];
  const { found, notes } = await loadChoices(adapter);
  addChoices(found);
  return notes;
});
