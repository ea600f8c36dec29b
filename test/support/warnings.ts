/** What is said on the console while `body` runs, instead of saying it. */
export async function warningsOf(body: () => unknown): Promise<string[]> {
  const said: string[] = [];
  const before = console.warn;
  console.warn = (...parts: unknown[]) => void said.push(parts.join(' '));
  try {
    await body();
  } finally {
    console.warn = before;
  }
  return said;
}
