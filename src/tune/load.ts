/** Stored choices, read when the adapter is known. */
import { loadChoices, tuneMode } from '#host';
import { addChoices } from '../gpu/choices.js';
import { beforeUse } from '../gpu/device.js';

beforeUse(async (adapter) => {
  if (tuneMode() === '0') return [];
  const { found, notes } = await loadChoices(adapter);
  addChoices(found);
  return notes;
});
