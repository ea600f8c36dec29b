/** What each layer makes of the picture: its maps as a grid. */
import type { Layer, Look } from '../../../shared/inside.js';
import { theme } from '../../state/theme.js';
import { Ramp } from './filters.js';
import { short } from './numbers.js';
import { Tiles } from './painted.js';
import { extentOf, mapTiles, SCALES } from './tiles.js';

/** What a layer is, in a word. */
const WHAT: Readonly<Record<string, string>> = {
  picture: 'the picture as it goes in: red, green, blue',
  conv1: 'convolution 3×3, activation',
  pool1: 'largest of 2×2',
  conv2: 'convolution 3×3, activation',
  pool2: 'largest of 2×2',
  conv3: 'convolution 3×3, activation',
  fc1: 'linear, activation',
};

export function Maps({ seen: { layers } }: { seen: Look }) {
  return (
    <section class="part" aria-labelledby="inside-maps">
      <h3 id="inside-maps">Activation maps</h3>
      <p class="note">
        One tile a channel, with dropout off. Each layer has a scale of its own: its ends stand below it.
      </p>
      <div class="maps">
        {layers.slice(0, -1).map((layer) => (
          <LayerMaps key={layer.name} layer={layer} />
        ))}
      </div>
    </section>
  );
}

function LayerMaps({ layer: { name, shape, values } }: { layer: Layer }) {
  const extent = extentOf(values);
  const signed = values.some((value) => value < 0);
  const live = values.reduce((count, value) => count + (value !== 0 ? 1 : 0), 0);
  const share = `${((100 * live) / Math.max(1, values.length)).toFixed(0)}\u00a0%`;
  return (
    <figure class={`of-${name}`}>
      <figcaption>
        <b>{name}</b> <span>{shape.join('×')}</span>
        <span class="what">{WHAT[name]}</span>
      </figcaption>
      <Tiles
        drawn={mapTiles(values, shape, extent, SCALES[theme.value])}
        label={`${name}, ${shape.join(' by ')}: ${share} of the values are not 0, the largest is ${short(extent)}`}
      />
      <figcaption>
        <Ramp class={signed ? 'signed' : 'above'} from={signed ? `−${short(extent)}` : '0'} to={short(extent)} />
        <span>{share} not 0</span>
      </figcaption>
    </figure>
  );
}
