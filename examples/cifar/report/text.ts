/** Numbers and lines of text, as chart, terminal and page show them. */

/** A difference of scores in points of a hundred: `1.7`. */
export const points = (difference: number): string => (difference * 100).toFixed(1);

/** As {@link points}, with its sign. */
export function signedPoints(difference: number): string {
  const text = points(Math.abs(difference));
  if (Number(text) === 0) return '±0.0';
  return `${difference < 0 ? '−' : '+'}${text}`;
}

export const thousands = (n: number): string => n.toLocaleString('en-US');

export const plural = (n: number, word: string): string => `${thousands(n)} ${word}${n === 1 ? '' : 's'}`;

/** Breaks text at spaces into lines of at most `limit` characters; a longer word stands alone. */
export function wrap(text: string, limit: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= limit) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
