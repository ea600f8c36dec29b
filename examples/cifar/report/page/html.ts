/** Markup without a library: everything put into a template is escaped, unless it is markup itself. */

/** A piece of markup. Made by {@link html} and {@link markup} alone. */
export class Html {
  constructor(readonly text: string) {}
}

type Part = Html | string | number | null | readonly Part[];

const escapeText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

function print(part: Part): string {
  if (part === null) return '';
  if (part instanceof Html) return part.text;
  return typeof part === 'object' ? part.map(print).join('') : escapeText(String(part));
}

/** Template tag: strings and numbers are escaped, markup and lists of it are put in as they are. */
export const html = (strings: TemplateStringsArray, ...parts: Part[]): Html =>
  new Html(strings.reduce((text, piece, i) => text + print(parts[i - 1] ?? null) + piece));

/** Text that is markup already. */
export const markup = (text: string): Html => new Html(text);

/** An SVG of ours inside the page: the names of its namespaces are not needed there. */
export const inline = (svg: string): Html => markup(svg.replace(/ (?:xmlns(?::xlink)?|version)="[^"]*"/g, ''));
