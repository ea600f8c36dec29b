/** Canvases: of pixels, and of lines. Each has its text. */
import { useEffect, useRef } from 'preact/hooks';
import type { Drawn } from './tiles.js';

interface TilesProps {
  readonly drawn: Drawn;
  readonly label: string;
  readonly class?: string;
}

/** A pixel of `drawn` is one of the canvas, however large it is shown. */
export function Tiles({ drawn, label, class: name }: TilesProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height, data } = drawn;
  useEffect(() => {
    canvas.current?.getContext('2d')?.putImageData(new ImageData(data, width, height), 0, 0);
  }, [data, width, height]);
  return (
    <canvas ref={canvas} class={`tiles ${name ?? ''}`} width={width} height={height} role="img" aria-label={label} />
  );
}

interface SketchProps {
  readonly width: number;
  readonly height: number;
  readonly label: string;
  readonly draw: (context: CanvasRenderingContext2D) => void;
}

/** Drawn anew whenever it is rendered, in units of a `width` by `height` drawing. */
export function Sketch({ width, height, label, draw }: SketchProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context) return;
    context.setTransform(2, 0, 0, 2, 0, 0);
    context.clearRect(0, 0, width, height);
    draw(context);
  });
  return <canvas ref={canvas} class="sketch" width={2 * width} height={2 * height} role="img" aria-label={label} />;
}
