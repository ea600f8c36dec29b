/** The mark of a scenario, in its colour and shape. */
import { shapeOf } from '../curves/shapes.js';

export const Swatch = ({ place }: { place: number }) => (
  <svg class="swatch" viewBox="-1.35 -1.35 2.7 2.7" aria-hidden="true">
    <path d={shapeOf(place)} />
  </svg>
);
