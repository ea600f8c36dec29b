/** 32 by 32 places to draw on, by pointer and by keys. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { own, setOwn } from '../../state/own.js';
import { lineOf, painted, pixelsOf, SIDE } from './crop.js';

interface PaperProps {
  readonly colour: readonly [number, number, number];
  readonly brush: number;
}

type Place = readonly [x: number, y: number];

const MOVES: Readonly<Record<string, Place>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
const within = (at: number): number => Math.min(SIDE - 1, Math.max(0, at));

export function Paper({ colour, brush }: PaperProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const cursor = useSignal<Place>([16, 16]);
  const last = useRef<Place | null>(null);
  const planes = own.value;
  useEffect(() => {
    canvas.current?.getContext('2d')?.putImageData(new ImageData(pixelsOf(planes), SIDE, SIDE), 0, 0);
  }, [planes]);

  function paint(from: Place, to: Place): void {
    setOwn(lineOf(from, to).reduce((made, place) => painted(made, place, brush, colour), own.peek()));
  }

  function placeOf({ clientX, clientY }: PointerEvent): Place {
    const { left, top, width, height } = (canvas.current as HTMLCanvasElement).getBoundingClientRect();
    return [
      within(Math.floor(((clientX - left) / width) * SIDE)),
      within(Math.floor(((clientY - top) / height) * SIDE)),
    ];
  }

  function down(event: PointerEvent): void {
    if (event.button !== 0) return;
    canvas.current?.setPointerCapture(event.pointerId);
    last.current = cursor.value = placeOf(event);
    paint(last.current, last.current);
  }

  function move(event: PointerEvent): void {
    if (!last.current) return;
    const place = placeOf(event);
    paint(last.current, place);
    last.current = cursor.value = place;
  }

  const up = (): void => {
    last.current = null;
  };

  function press(event: KeyboardEvent): void {
    const [x, y] = cursor.value;
    const by = MOVES[event.key];
    if (by) {
      cursor.value = [within(x + by[0]), within(y + by[1])];
      if (event.shiftKey) paint([x, y], cursor.value);
    } else if (event.key === ' ' || event.key === 'Enter') paint([x, y], [x, y]);
    else return;
    event.preventDefault();
  }

  const [x, y] = cursor.value;
  const share = (at: number): string => `${(100 * at) / SIDE}%`;
  return (
    <div
      class="paper"
      role="application"
      aria-label="Your picture, 32 by 32"
      aria-describedby="own-hint own-place"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a paper to draw on by keys has no element of its own.
      tabIndex={0}
      onKeyDown={press}
      onPointerDown={down}
      onPointerMove={move}
      onPointerUp={up}
      onPointerCancel={up}
    >
      <canvas ref={canvas} width={SIDE} height={SIDE} />
      <span class="cursor" style={{ left: share(x), top: share(y) }} />
      <span class="unseen" id="own-place" aria-live="polite">
        row {y + 1}, column {x + 1}
      </span>
    </div>
  );
}
