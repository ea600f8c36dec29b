/** Some test pictures, with what the run under way (or the last) says of them and how sure it is. */
import { useEffect, useRef } from 'preact/hooks';
import { peek } from '../state/inside.js';
import { current, pictures, runs, titleOf, version } from '../state/runs.js';

const SIDE = 32;
const AREA = SIDE * SIDE;

export function PictureWall() {
  version.value;
  const shown = pictures.value;
  const run = current.value?.evaluated ? current.value : runs.value.findLast(({ evaluated }) => evaluated !== null);
  const classes = shown?.classes.length ?? 1;
  const probabilities = run?.evaluated?.probabilities;
  const count = Math.min(20, shown?.labels.length ?? 0);
  return (
    <section class="card wall" aria-labelledby="wall">
      <h2 id="wall">Test pictures</h2>
      <p class="note">
        {run ? `What ${titleOf(run)} says after epoch ${run.evaluated?.epoch}, and how sure it is.` : 'Not judged yet.'}
        {shown && ` From: ${shown.source}.`}
      </p>
      <ul class="pictures">
        {shown &&
          Array.from({ length: count }, (_, i) => (
            <Picture
              key={i}
              index={i}
              name={shown.classes[shown.labels[i] ?? 0] ?? ''}
              label={shown.labels[i] ?? 0}
              classes={shown.classes}
              probabilities={probabilities?.subarray(i * classes, (i + 1) * classes)}
            />
          ))}
      </ul>
    </section>
  );
}

interface PictureProps {
  readonly index: number;
  readonly name: string;
  readonly label: number;
  readonly classes: readonly string[];
  readonly probabilities: Float32Array | undefined;
}

function Picture({ index, name, label, classes, probabilities }: PictureProps) {
  const most = probabilities ? Math.max(...probabilities) : 0;
  const found = probabilities ? probabilities.indexOf(most) : -1;
  const right = found === label;
  return (
    <li class={found < 0 ? '' : right ? 'right' : 'wrong'}>
      <button type="button" class="peek" onClick={() => peek(index)} title="Look inside the network with it">
        <Pixels index={index} name={`a ${name}: look inside the network with it`} />
      </button>
      <b>{name}</b>
      {found >= 0 && <span class="said">{right ? '✓ right' : `✗ ${classes[found]}`}</span>}
      {found >= 0 && <span class="sure">{`${(100 * most).toFixed(0)}\u00a0% sure`}</span>}
    </li>
  );
}

/** Planes of bytes, drawn as they are; without a name they are an ornament. */
export function Pixels({ index, name }: { index: number; name: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const images = pictures.value?.images;
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context || !images) return;
    const drawn = context.createImageData(SIDE, SIDE);
    const planes = images.subarray(index * 3 * AREA, (index + 1) * 3 * AREA);
    for (let pixel = 0; pixel < AREA; pixel++) {
      for (let plane = 0; plane < 3; plane++) drawn.data[4 * pixel + plane] = planes[plane * AREA + pixel] ?? 0;
      drawn.data[4 * pixel + 3] = 255;
    }
    context.putImageData(drawn, 0, 0);
  }, [images, index]);
  return (
    <canvas
      ref={canvas}
      width={SIDE}
      height={SIDE}
      role={name ? 'img' : undefined}
      aria-label={name || undefined}
      aria-hidden={!name}
    />
  );
}
