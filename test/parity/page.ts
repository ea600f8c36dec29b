/** The page's side of `npm run parity -- DIR --host browser`. */
import { runParity } from './run.js';

interface Host {
  call(name: string, ...args: unknown[]): Promise<unknown>;
}

export async function main(host: Host, input: { files: string[]; only: string[] }): Promise<unknown> {
  return runParity({
    ...input,
    read: async (name) => {
      const response = await fetch(`/cases/${encodeURIComponent(name)}`);
      if (!response.ok) throw new Error(`${name}: HTTP ${response.status}`);
      return new Uint8Array(await response.arrayBuffer());
    },
    progress: (line) => void host.call('progress', line),
  });
}
