/** A shape for each place of a set, so that lines are told apart without their colours: SVG paths within ±1. */
export const SHAPES: readonly string[] = [
  'M-1 0A1 1 0 1 0 1 0A1 1 0 1 0 -1 0Z',
  'M-.85 -.85H.85V.85H-.85Z',
  'M0 -1L1 .8H-1Z',
  'M0 -1.1L1 0L0 1.1L-1 0Z',
  'M0 1L-1 -.8H1Z',
  'M-.35 -1H.35V-.35H1V.35H.35V1H-.35V.35H-1V-.35H-.35Z',
  'M-1 -.55L-.55 -1L0 -.45L.55 -1L1 -.55L.45 0L1 .55L.55 1L0 .45L-.55 1L-1 .55L-.45 0Z',
  'M0 -1.1L.32 -.4L1.05 -.34L.5 .16L.66 .9L0 .5L-.66 .9L-.5 .16L-1.05 -.34L-.32 -.4Z',
  'M-1 -1L1 0L-1 1Z',
];

export const shapeOf = (place: number): string => SHAPES[place % SHAPES.length] ?? '';
