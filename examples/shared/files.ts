/** Reading what a run left behind. */
import { readFile } from 'node:fs/promises';

/** The object of a JSON file. @throws Error naming the file where it holds none */
export async function readJson(path: string): Promise<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new Error(`${path} is damaged: it holds no JSON object. Put back a whole copy of it, or begin a new run`);
}
