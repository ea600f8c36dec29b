/** Vega without a browser or a canvas: a specification in, an SVG out. */
import * as vega from 'vega';

/** Colours and font of a chart: fixed ones for a file, CSS variables inside the page. */
export interface Theme {
  font: string;
  ink: string;
  muted: string;
  grid: string;
  bar: string;
  baseline: string;
  accent: string;
  paper: string;
}

/** For files: they are shown on white whatever the viewer's scheme. */
export const PAPER: Theme = {
  font: 'DejaVu Sans, Verdana, Helvetica, Arial, sans-serif',
  ink: '#1b1f24',
  muted: '#57606a',
  grid: '#d9dee4',
  bar: '#4a86bd',
  baseline: '#8b949e',
  accent: '#b3470f',
  paper: '#ffffff',
};

/** For the page, which defines these variables for light and dark. */
export const PAGE: Theme = {
  font: 'inherit',
  ink: 'var(--ink)',
  muted: 'var(--muted)',
  grid: 'var(--grid)',
  bar: 'var(--bar)',
  baseline: 'var(--quiet)',
  accent: 'var(--accent)',
  paper: 'var(--paper)',
};

/** Axis settings common to all charts. Text is measured by estimate, so nothing here relies on its width. */
export const axisStyle = (theme: Theme, size: number): NonNullable<vega.Config['axis']> => ({
  labelFont: theme.font,
  titleFont: theme.font,
  labelFontSize: size,
  titleFontSize: size,
  titleFontWeight: 'normal',
  labelColor: theme.ink,
  titleColor: theme.muted,
  gridColor: theme.grid,
  domainColor: theme.grid,
  tickColor: theme.grid,
  labelLimit: 0,
});

/** Renders; roles and labels inside are dropped, since whoever embeds the picture describes it as a whole. */
export async function render(spec: vega.Spec): Promise<string> {
  const view = new vega.View(vega.parse(spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return svg.replace(/ (?:role|class|aria-[a-z]+)="[^"]*"/g, '');
}
