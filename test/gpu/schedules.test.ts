/** CyclicLR and MultiplicativeLR, against PyTorch. */
import { ones, type Tensor } from 'kindling';
import { Adagrad, Adam, lrScheduler, SGD } from 'kindling/optim';
import { describe, expect, test } from 'vitest';
import { camelCased } from '../parity/ops.js';
import { type Cases, layerCases } from '../support/layerCases.js';

const cases = await layerCases();

describe('CyclicLR and MultiplicativeLR', () => {
  const falling = (x: number): number => 1 / (1 + 0.5 * x);
  const parameter = (): Tensor => ones([1], { requiresGrad: true });

  /** The options of a case, in our names. */
  function optionsOf({ kind, options }: Cases['schedules'][number]): Record<string, unknown> {
    const { function: has, ...rest } = options;
    const given = camelCased(rest);
    if (given.mode === 'exp_range') given.mode = 'expRange';
    return has ? { ...given, [kind === 'CyclicLR' ? 'scaleFn' : 'lrLambda']: falling } : given;
  }

  test('have the rates and momenta of PyTorch', () => {
    for (const given of cases.schedules) {
      const { kind, optimizer, lr, momentum } = given;
      const one =
        optimizer === 'SGD'
          ? new SGD([parameter()], { lr: 0.5, momentum: 0.5 })
          : new Adagrad([parameter()], { lr: 0.5 });
      const scheduler = new lrScheduler[kind](one, optionsOf(given) as never);
      lr.forEach((rate, i) => {
        if (i > 0) scheduler.step();
        const [group] = one.paramGroups as { lr: number; momentum?: number }[];
        expect(group?.lr, `${kind} ${i}`).toBeCloseTo(rate, 12);
        if (momentum[i] !== null) expect(group?.momentum, `${kind} ${i}`).toBeCloseTo(momentum[i] as number, 12);
      });
    }
  });

  test('CyclicLR moves Adam’s first beta, goes on from its state, and is refused where it makes no sense', () => {
    const cycle = { baseLr: 0.1, maxLr: 1, stepSizeUp: 2, mode: 'triangular2' } as const;
    const [adam, sgd] = [new Adam([parameter()]), new SGD([parameter()], { lr: 1, momentum: 0.5 })];
    const schedulers = [new lrScheduler.CyclicLR(adam, cycle), new lrScheduler.CyclicLR(sgd, cycle)] as const;
    for (let i = 0; i < 9; i++) {
      const [beta] = (adam.paramGroups[0] as unknown as { betas: [number, number] }).betas;
      expect(beta).toBe((sgd.paramGroups[0] as unknown as { momentum: number }).momentum);
      for (const scheduler of schedulers) scheduler.step();
    }
    const again = new lrScheduler.CyclicLR(new SGD([parameter()], { lr: 1, momentum: 0.5 }), { ...cycle, maxLr: 2 });
    again.loadStateDict(JSON.parse(JSON.stringify(schedulers[1].stateDict())));
    schedulers[1].step();
    again.step();
    expect(again.getLastLr()).toEqual(schedulers[1].getLastLr());
    const made = (options: object) => () =>
      new lrScheduler.CyclicLR(new SGD([parameter()], { lr: 1 }), { baseLr: 0.1, maxLr: 1, ...options });
    expect(made({ maxLr: [1, 2] })).toThrow('maxLr wants a number, or one for each of 1');
    expect(made({ stepSizeUp: 0 })).toThrow('CyclicLR: stepSizeUp 0 must be positive');
    expect(made({ mode: 'square' })).toThrow("mode is 'square', wants 'triangular'");
    expect(made({ baseLr: undefined })).toThrow('CyclicLR: baseLr is undefined');
    expect(() => new lrScheduler.CyclicLR(new Adagrad([parameter()]), cycle)).toThrow(
      'has no momentum; set cycleMomentum',
    );
  });

  test('MultiplicativeLR has a function for each group', () => {
    const sgd = new SGD([{ params: [parameter()] }, { params: [parameter()] }], { lr: 1 });
    const scheduler = new lrScheduler.MultiplicativeLR(sgd, { lrLambda: [() => 0.5, (epoch) => epoch] });
    for (let i = 0; i < 3; i++) scheduler.step();
    expect(scheduler.getLastLr()).toEqual([0.125, 6]);
    expect(() => new lrScheduler.MultiplicativeLR(sgd, {} as never)).toThrow('lrLambda is undefined, wants a function');
    expect(() => new lrScheduler.MultiplicativeLR(sgd, { lrLambda: [() => 1] })).toThrow(
      'MultiplicativeLR: 1 functions for 2 parameter groups',
    );
  });
});
