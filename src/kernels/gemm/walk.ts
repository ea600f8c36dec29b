/**
 * A run over grids: rows of `width` cells, `height` rows to a plane, plane after plane, each with a distance of its own.
 * From one element to the next is an addition that depends on where a row or a plane ends, so nothing is divided on the way.
 */
import type { Walk } from './spec.js';

export interface Grid {
  width: number;
  height: number;
  /** Distances between neighbours along a row, between rows, between planes. */
  column: number;
  row: number;
  plane: number;
}

const FIELDS = ['Width', 'Height', 'Column', 'Row', 'Plane', 'Down', 'Next'] as const;
type Field = (typeof FIELDS)[number];

/** The numbers that {@link gridWalk} needs, under names that begin with `name`. */
export function gridSizes<Name extends string>(name: Name, grid: Grid): Record<`${Name}${Field}`, number> {
  const { width, height, column, row, plane } = grid;
  const back = (width - 1) * column;
  const values = [width, height, column, row, plane, row - back, plane - (height - 1) * row - back];
  return Object.fromEntries(FIELDS.map((field, i) => [name + field, values[i]])) as Record<`${Name}${Field}`, number>;
}

/** The walk, with its numbers as WGSL; at.y and at.z are the cell's column and row. */
export function gridWalk<Name extends string>(name: Name, u: Readonly<Record<`${Name}${Field}`, string>>): Walk {
  const of = (field: Field): string => u[`${name}${field}`];
  return {
    functions: (side) => `fn ${side}Start(k: u32) -> vec3<u32> { let row = k / ${of('Width')};
  let plane = ${of('Height') === '1u' ? 'row' : `row / ${of('Height')}`};
  let i = row - plane * ${of('Height')};
  let j = k - row * ${of('Width')};
  return vec3(plane * ${of('Plane')} + i * ${of('Row')} + j * ${of('Column')}, j, i); }
fn ${side}Next(at: vec3<u32>) -> vec3<u32> { let last = at.y + 1u == ${of('Width')};
  let lastRow = at.z + 1u == ${of('Height')};
  let step = select(${of('Column')}, select(${of('Down')}, ${of('Next')}, lastRow), last);
  return vec3(at.x + step, select(at.y + 1u, 0u, last), select(at.z, select(at.z + 1u, 0u, lastRow), last)); }`,
    begin: (side) => `    var ${side}At = ${side}Start(innerStart);`,
    step: (side, s) => `let ${side}${s} = ${side}At.x; ${side}At = ${side}Next(${side}At);`,
    at: (side) => `let at = ${side}Start(k);`,
  };
}
