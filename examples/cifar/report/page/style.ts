/** The page's only style sheet. Colours are variables, set for light and for dark. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #ffffff; --card: #f6f8fa; --ink: #1b1f24; --muted: #57606a; --grid: #d9dee4; --bar: #3273b0; --link: #1f5f9e;
  --quiet: #8b949e; --accent: #b3470f; --bad: #b3261e; --heat: #0f3a63; --note: #fff4d6;
  --on-middle: #1b1f24; --on-hot: #ffffff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14181d; --card: #1c2229; --ink: #e6e9ed; --muted: #a3adb8; --grid: #38414b; --bar: #4389cb; --link: #7dbaf5;
    --quiet: #8b949e; --accent: #ffa46b; --bad: #ff8d85; --heat: #8ec5ff; --note: #3a3115;
    --on-middle: #0b1420; --on-hot: #0b1420;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, "DejaVu Sans", sans-serif; }
main, header, footer { max-width: 68rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2rem; }
footer { padding-bottom: 3rem; color: var(--muted); font-size: .875rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.3rem; margin: 2.75rem 0 .5rem; }
h3 { font: 600 1rem ui-monospace, "DejaVu Sans Mono", monospace; margin: 0 0 .5rem; }
p { max-width: 46rem; margin: .5rem 0 1rem; }
code, .name { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .92em; }
a { color: var(--link); }
.muted { color: var(--muted); }
.note { background: var(--note); border-radius: .4rem; padding: .7rem 1rem; max-width: 46rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; padding: 0; margin: 1rem 0 0; list-style: none; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .94rem; margin: .5rem 0 1rem; }
th, td { padding: .3rem .7rem; text-align: right; border-bottom: 1px solid var(--grid); white-space: nowrap; }
th { font-weight: 600; }
th[scope=row], th:first-child, th.text, td.text { text-align: left; }
.settings td { white-space: normal; overflow-wrap: anywhere; min-width: 12rem; }
caption { text-align: left; color: var(--muted); font-size: .875rem; padding: 0 0 .4rem; }
.scroll { overflow-x: auto; max-width: 100%; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 30rem), 1fr)); gap: 1rem; }
.card { background: var(--card); border-radius: .5rem; padding: 1rem; min-width: 0; }
.pair { display: flex; flex-wrap: wrap; gap: .5rem; }
figure { margin: 0; }
figcaption { color: var(--muted); font-size: .875rem; }
svg { display: block; height: auto; max-width: 100%; }
.wide svg { min-width: 40rem; }
.pair figure { flex: 1 1 12rem; max-width: 20rem; }
.matrix td { padding: 0; width: 2.1rem; min-width: 2.1rem; height: 1.9rem; text-align: center; border: 1px solid var(--card);
  font-size: .8rem; background: color-mix(in srgb, var(--heat) calc(var(--v) * 100%), var(--card)); }
.matrix td.middle { color: var(--on-middle); }
.matrix td.hot { color: var(--on-hot); }
.matrix { margin: 0; }
.matrix th { font-weight: 400; font-size: .8rem; border: 0; padding: 0 .5rem 0 0; text-align: right; }
.matrix thead th { padding: .3rem 0; vertical-align: bottom; text-align: center; }
.matrix thead span { writing-mode: vertical-rl; transform: rotate(180deg); }
details { margin: .25rem 0; }
summary { cursor: pointer; }
details table { margin: .5rem 0 1rem; }
.samples img { display: block; width: 64px; height: 64px; image-rendering: pixelated; border-radius: .25rem; }
.samples { font-size: .8rem; }
.samples td, .samples th { vertical-align: middle; padding: .3rem; text-align: left; }
.right { color: var(--muted); }
.wrong { color: var(--bad); font-weight: 600; }
@media print { .scroll { overflow: visible; } .card { break-inside: avoid; } }
`;
