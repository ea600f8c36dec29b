/** The types of calls of modules: `npm run typecheck` tests them, nothing here runs. */
import type { Tensor } from 'kindling';
import * as nn from 'kindling/nn';
import { expectTypeOf } from 'vitest';

class Net extends nn.Module {
  fc = new nn.Linear(2, 3);
  layers: nn.Module[] = [this.fc, new nn.ReLU()];
  forward(x: Tensor) {
    for (const layer of this.layers) x = layer(x);
    return this.fc(x).relu();
  }
}

/** It says in `forward` alone what it takes and returns. */
class Masked extends nn.Module {
  forward(x: Tensor, mask: Tensor): [Tensor, Tensor] {
    return [x, mask];
  }
}

/** It says it twice. */
class Typed extends nn.Module<[x: Tensor, mask: Tensor], [Tensor, Tensor]> {
  forward(x: Tensor, mask: Tensor): [Tensor, Tensor] {
    return [x, mask];
  }
}

class Sized extends Net {
  override forward(x: Tensor, size = 3): Tensor {
    return super.forward(x).mul(size);
  }
}

class Later extends nn.Module {
  async forward(x: Tensor): Promise<number> {
    return x.item();
  }
}

abstract class Loss extends nn.Module<[input: Tensor, target: Tensor]> {
  scale = 1;
}

class Absolute extends Loss {
  forward(input: Tensor, target: Tensor): Tensor {
    return input.sub(target).mean();
  }
}

class Residual<Inner extends nn.Module> extends nn.Module {
  constructor(readonly inner: Inner) {
    super();
  }
  forward(x: Tensor): Tensor {
    return this.inner(x).add(x);
  }
}

class Fields extends nn.Module {
  override name = 1;
  override length = 'long';
  forward(): Tensor[] {
    return [];
  }
}

class Overloaded extends nn.Module {
  forward(x: number): number;
  forward(x: Tensor): Tensor;
  forward(x: Tensor | number): Tensor | number {
    return x;
  }
}

// @ts-expect-error: forward is not there
export class Empty extends nn.Module {}
// @ts-expect-error: forward is not there
export class EmptyTyped extends nn.Module<[Tensor], Tensor> {}
export class Wrong extends nn.Module<[Tensor], Tensor> {
  // @ts-expect-error: it returns something else than it says
  forward(x: Tensor): number {
    return x.size;
  }
}

export function calls(x: Tensor): void {
  const net = new Net();
  expectTypeOf(net(x)).toEqualTypeOf<Tensor>();
  expectTypeOf(net).parameters.toEqualTypeOf<[x: Tensor]>();
  expectTypeOf(new Masked()).parameters.toEqualTypeOf<[x: Tensor, mask: Tensor]>();
  expectTypeOf(new Masked()(x, x)).toEqualTypeOf<[Tensor, Tensor]>();
  expectTypeOf(new Typed()(x, x)).toEqualTypeOf<[Tensor, Tensor]>();
  expectTypeOf(new Sized()(x, 4)).toEqualTypeOf<Tensor>();
  expectTypeOf(new Later()(x)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(new Absolute()(x, x)).toEqualTypeOf<Tensor>();
  expectTypeOf(new Residual(net)(x)).toEqualTypeOf<Tensor>();
  expectTypeOf(new Fields()()).toEqualTypeOf<Tensor[]>();
  expectTypeOf(new Fields().name).toEqualTypeOf<number>();
  expectTypeOf(new Fields().length).toEqualTypeOf<string>();
  expectTypeOf(new Overloaded()(x)).toEqualTypeOf<Tensor>();
  expectTypeOf(new nn.Sequential(net)(x)).toEqualTypeOf<Tensor>();
  expectTypeOf(new nn.CrossEntropyLoss()(x, x)).toEqualTypeOf<Tensor>();
  expectTypeOf(new nn.MultiheadAttention(2, 1)(x, x, x, { needWeights: false })).toEqualTypeOf<
    [output: Tensor, weights: Tensor | null]
  >();
  expectTypeOf(new nn.ModuleList([net])[0]?.(x)).toEqualTypeOf<Tensor | undefined>();
  expectTypeOf([x].map(net)).toEqualTypeOf<Tensor[]>();
  expectTypeOf(new Overloaded().forward(1)).toEqualTypeOf<number>();

  // @ts-expect-error: a number is no tensor
  net(1);
  // @ts-expect-error: an argument is not there
  net();
  // @ts-expect-error: there is one too many
  net(x, x);
  // @ts-expect-error: a mask is not there
  new Masked()(x);
  // @ts-expect-error: a mask is not there
  new Typed()(x);
  // @ts-expect-error: a loss takes two
  new Absolute()(x);
  // @ts-expect-error: a list computes nothing
  new nn.ModuleList([net])(x);
  // @ts-expect-error: a call has the types of the last overload
  new Overloaded()(1);
  // @ts-expect-error: nothing is made by it
  new net(x);
  // @ts-expect-error: it is there to be extended
  new nn.Module();
}

export function modules(x: Tensor, any: nn.AnyModule, one: nn.Module, value: unknown): void {
  expectTypeOf(one(x)).toEqualTypeOf<Tensor>();
  expectTypeOf(one.forward(x)).toEqualTypeOf<Tensor>();
  const all: nn.AnyModule[] = [new Net(), new Masked(), new Typed(), new Later(), new Fields(), new Absolute(), one];
  const plain: nn.Module[] = [new Net(), new Sized(), new Residual(one), new nn.Linear(1, 1)];
  const pairs: nn.Module<[Tensor, Tensor], [Tensor, Tensor]>[] = [new Masked(), new Typed()];
  const functions: ((x: Tensor, mask: Tensor) => [Tensor, Tensor])[] = [new Masked(), new Typed()];
  expectTypeOf([all.length, plain.length, pairs.length, functions.length]).toEqualTypeOf<number[]>();
  // @ts-expect-error: it takes a mask
  const masked: nn.Module = new Masked();
  // @ts-expect-error: it returns something else
  const later: nn.Module = new Later();
  expectTypeOf([masked, later]).toEqualTypeOf<nn.Module[]>();
  // @ts-expect-error: nobody knows what it takes
  any(x);
  if (value instanceof nn.Module) expectTypeOf(value.modules()).toEqualTypeOf<nn.AnyModule[]>();
  if (any instanceof nn.Linear) expectTypeOf(any(x)).toEqualTypeOf<Tensor>();
}

export function hooks(): void {
  nn.registerForwardHook(new Net(), (module, inputs, output) => {
    expectTypeOf(module(...inputs)).toEqualTypeOf<Tensor>();
    expectTypeOf(inputs).toEqualTypeOf<[x: Tensor]>();
    return output.relu();
  });
  for (const pair of [new Masked(), new Typed()]) {
    nn.registerForwardHook(pair, (_, [x, mask], [y]) => {
      expectTypeOf([x, mask, y]).toEqualTypeOf<Tensor[]>();
    });
  }
}
