import { expect, it } from 'vitest';
import { interned } from './kernel.js';

it('interned keeps the last 1,024 of what it made, and makes anew what it has forgotten', () => {
  let made = 0;
  const make = interned(({ n }: { n: number }) => ({ n, made: made++ }));
  const first = make({ n: 0 });
  expect(make({ n: 0 })).toBe(first);
  for (let n = 1; n < 1024; n++) make({ n });
  const last = make({ n: 1024 });
  make({ n: 1025 });
  expect(make({ n: 1024 })).toBe(last);
  expect(make({ n: 0 })).toEqual({ n: 0, made: 1026 });
  expect(made).toBe(1027);
});
