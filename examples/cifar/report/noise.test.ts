import { describe, expect, it } from 'vitest';
import { noiseOf, studentT } from './noise.js';

const points = (images: number, ...scenarios: number[][]): number => 100 * noiseOf(scenarios, images).bound;

describe('noise', () => {
  it.each([
    [50, 0.5, 19.2],
    [50, 0.9, 12.3],
    [1000, 0.5, 4.38],
    [1000, 0.9, 2.63],
    [5000, 0.5, 1.96],
    [10000, 0.5, 1.39],
  ])('of single runs on %i images near %f is the binomial error, %f points', (images, score, wanted) => {
    expect(points(images, [score], [score])).toBeCloseTo(wanted, 1);
  });

  it.each([
    [50, 0.3, 0.08, true],
    [50, 0.4, 0.25, false],
    [1000, 0.5, 0.03, true],
    [1000, 0.8, 0.03, true],
    [1000, 0.5, 0.06, false],
    [10000, 0.5, 0.02, false],
  ])('on %i images at %f: is a difference of %f noise? %s', (images, score, difference, noise) => {
    expect(difference < noiseOf([[score], [score + difference]], images).bound).toBe(noise);
  });

  it('is not nothing where all or no answers are right', () => {
    expect(points(50, [1], [1])).toBeGreaterThan(5);
    expect(points(50, [0], [0])).toBeGreaterThan(5);
  });

  it('adds the scatter over seeds, pooled, by Student', () => {
    const scenarios = [
      [0.5, 0.52, 0.54],
      [0.6, 0.6, 0.6],
    ];
    const { spread, bound, images, text } = noiseOf(scenarios, 1e12);
    expect(spread).toBeCloseTo(Math.sqrt(0.0008 / 4), 12);
    expect(images).toBeLessThan(1e-5);
    // Four degrees of freedom: 2.776.
    expect(bound).toBeCloseTo(2.776 * Math.sqrt(0.0002) * Math.sqrt(2 / 3), 6);
    expect(text).toContain('scatter over their seeds by 1.4 points');
    expect(points(1000, ...scenarios)).toBeCloseTo(100 * Math.hypot(bound, noiseOf([[0.5]], 1000).bound), 3);
  });

  it('says at which confidence, and what one seed does not show', () => {
    const { text, spread } = noiseOf([[0.5], [0.4]], 1000);
    expect(spread).toBeNull();
    expect(text).toMatch(/1,000 test images.* 4\.4 points \(binomial error, 95 % confidence\)/);
    expect(text).toContain('one seed does not show it');
  });

  it.each([
    [1, 12.706],
    [10, 2.228],
    [11, 2.201],
    [20, 2.086],
    [32, 2.037],
    [120, 1.98],
  ])("has Student's t for %i degrees of freedom", (freedom, t) => expect(studentT(freedom)).toBeCloseTo(t, 2));
});
