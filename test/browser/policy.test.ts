/** The page of these tests forbids to make code of text, as pages may that take security seriously. */
import { ones } from 'kindling';
import { Linear, Module } from 'kindling/nn';
import { expect, test } from 'vitest';

test('modules are called where code may not be made of text', async () => {
  // What goes on at once from a message of the driver's is exempt.
  await new Promise((resolve) => setTimeout(resolve));
  expect(() => new Function('return 1')).toThrow(EvalError);
  class Net extends Module {
    readonly #fc = new Linear(2, 1);
    override name = 'net';
    forward(x: ReturnType<typeof ones>) {
      return this.#fc(x);
    }
  }
  const net = new Net();
  expect(await net(ones([3, 2])).array()).toEqual(await net.forward(ones([3, 2])).array());
});
