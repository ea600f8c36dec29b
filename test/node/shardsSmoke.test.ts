/** The smoke preset in parts, each in a folder of its own, against one machine. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { folder, left, merged, part, smoke, whole } from '../support/studyParts.js';

beforeAll(() => whole(smoke, 'whole'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each([2, 3])('the smoke preset in %d parts, one after the other, is the whole to the bit', async (count) => {
  const names = Array.from({ length: count }, (_, i) => `of${count}-${i + 1}`);
  for (const [i, name] of names.entries()) expect(await part(smoke, `${i + 1}/${count}`, name)).toBe(0);
  expect(await merged(`merged${count}`, ...names)).toBe(0);
  expect(left(`merged${count}`)).toEqual(left('whole'));
});
