/**
 * Files for tests, in all hosts: read from disk in Node, fetched from the test runner's server elsewhere. Names are
 * relative to `test/fixtures`; `reference/…` is PyTorch's cases, where this checkout has them beside it.
 */
const inNode = typeof process !== 'undefined' && Boolean(process.versions?.node) && !('Deno' in globalThis);

/** The bytes of a file. Rejects where it is missing. */
export async function loadBytes(name: string): Promise<Uint8Array<ArrayBuffer>> {
  if (inNode) {
    const { readFile } = await import('node:fs/promises');
    const url = name.startsWith('reference/')
      ? new URL(`../../../shared/${name}`, import.meta.url)
      : new URL(`../fixtures/${name}`, import.meta.url);
    return new Uint8Array(await readFile(url));
  }
  const response = await fetch(name.startsWith('reference/') ? `/${name}` : `/fixtures/${name}`);
  if (!response.ok) throw new Error(`${name}: HTTP ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** A JSON file, as the type its reader expects. */
export async function loadJson<T>(name: string): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await loadBytes(name))) as T;
}

/** Whether a file is there: for tests that need the reference cases beside the checkout. */
export async function hasFile(name: string): Promise<boolean> {
  return loadBytes(name).then(
    () => true,
    () => false,
  );
}
