/** Counts of what was taken for what: [true class][found class]. */
export function confusionOf(labels: Uint8Array, found: Uint8Array, classes: number): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (const [i, label] of labels.entries()) {
    const [row, column] = [counts[label], found[i]];
    if (row && column !== undefined) row[column] = (row[column] ?? 0) + 1;
  }
  return counts;
}
