/** Files and locks in a browser: the origin private file system, and the locks of its pages. Node has tests of its own. */
import { lockFile, readFileIfThere, writeFileAtomic } from 'kindling/io';
import { trainModel } from 'kindling/train';
import { expect, test } from 'vitest';
import { BATCHES, parts, shuffledRows } from '../support/parts.js';

const read = async (path: string): Promise<string | null> => {
  const bytes = await readFileIfThere(path);
  return bytes && new TextDecoder().decode(bytes);
};

test('a file is written whole, into folders that are made, and over what was there', async () => {
  await writeFileAtomic('runs/first/state.json', 'a longer text at first');
  expect(await read('runs/first/state.json')).toBe('a longer text at first');
  await writeFileAtomic('./runs/first/state.json', new TextEncoder().encode('shorter'));
  expect(await read('runs/first/state.json')).toBe('shorter');
  await writeFileAtomic('empty', '');
  expect(await read('empty')).toBe('');
  for (const path of ['runs/first/none', 'runs/none/state.json', 'empty/within', 'runs']) {
    expect(await read(path)).toBeNull();
  }
});

test('several at once: the file is one of them', async () => {
  const texts = Array.from({ length: 6 }, (_, i) => String(i).repeat(10_000 * (i + 1)));
  await Promise.all(texts.map((text) => writeFileAtomic('many', text)));
  expect(texts).toContain(await read('many'));
});

test('what names no file is refused, and what cannot be written is told', async () => {
  for (const path of ['', '/', 'a/../b', '..']) {
    await expect(writeFileAtomic(path, 'x')).rejects.toThrow(
      `writeFileAtomic: '${path}' names no file of the origin private file system`,
    );
    await expect(readFileIfThere(path)).rejects.toThrow(`readFileIfThere: '${path}' names no file`);
  }
  await writeFileAtomic('a file', 'x');
  await expect(writeFileAtomic('a file/within', 'x')).rejects.toThrow(
    'writeFileAtomic: a file/within cannot be written (',
  );
  expect(await read('a file')).toBe('x');
});

test('a lock has one holder at a time, the next one is told, and names do not meet', async () => {
  const first = await lockFile('lock');
  expect(first.tookOver).toBeNull();
  const order: string[] = [];
  const second = lockFile('lock', { onHeld: ({ pid, host }) => order.push(`held in ${host} by ${pid}`) }).then(
    (lock) => {
      order.push('second');
      return lock;
    },
  );
  const other = await lockFile('another lock');
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(order).toEqual(['held in this browser by null']);
  order.push('released');
  await first.release();
  await (await second).release();
  await other.release();
  expect(order).toEqual(['held in this browser by null', 'released', 'second']);
  const held: unknown[] = [];
  const again = await lockFile('lock', { onHeld: (holder) => held.push(holder) });
  await again.release();
  expect(held).toEqual([]);
});

test('an option of lockFile that does not exist is refused', async () => {
  await expect(lockFile('lock', { onhold: () => {} } as never)).rejects.toThrow('lockFile: ');
});

test('a run keeps its checkpoint in a file, and goes on from it', async () => {
  const { model, optimizer, train } = parts();
  const options = { model, optimizer, checkpoint: 'runs/of/it.checkpoint' };
  expect(await trainModel(train, shuffledRows(), { ...options, epochs: 1 })).toMatchObject({ steps: BATCHES });
  const going = { ...options, epochs: 2, resume: true };
  expect(await trainModel(train, shuffledRows(), going)).toMatchObject({ finished: true, steps: 2 * BATCHES });
});
